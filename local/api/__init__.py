"""The API's process on one machine: the app that Lambda runs, under uvicorn, behind the stand-in for API Gateway."""
