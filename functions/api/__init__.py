"""The HTTP API: one FastAPI app, behind API Gateway in Lambda (`handler`) and under uvicorn locally (`local.api`)."""
