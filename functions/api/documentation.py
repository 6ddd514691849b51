"""The OpenAPI document, and the page at /docs that shows it, from files of our own: it works without the internet."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.staticfiles import StaticFiles

from functions.api import problems
from functions.api.documented import HEADERS
from functions.api.mounted import BASE
from shared.models.api_key import Scope
from shared.routes import SCOPES
from shared.version import VERSION

ASSETS = "/docs/assets"
_LINKED = ASSETS.removeprefix("/")
KEY_SCHEME = "ApiKey"
PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457. `type` is stable; some problems have more members, such as `state`.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "enum": sorted(problems.TYPES)},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
_INTRODUCTION = """
Pair WhatsApp numbers, send with one call, and hear everything that happens through signed webhooks.

Send your key in `x-api-key`; every call says which of its scopes it asks for: `read`, `send` or `manage`.
`RateLimit-Policy` and `RateLimit` tell what a key may do; over it the answer is 429, and `Retry-After` says until when.
Times are ISO 8601 UTC. Lists give `{data, next_cursor}`: pass `next_cursor` as `cursor`.
Fields and query parameters that a route does not have are refused, and so is a parameter that is given twice.
Errors are `application/problem+json`; `type` is one of:

| type | status | meaning |
|---|---|---|
"""


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of the app, made at the first call."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title="HiveWP", version=VERSION, description=_introduction(), routes=app.routes, tags=_TAGS
        )
        parts = schema.setdefault("components", {})
        parts["schemas"]["Problem"] = PROBLEM_SCHEMA
        parts["headers"] = {
            name: {"description": meaning, "schema": {"type": "string"}} for name, meaning in HEADERS.items()
        }
        parts["securitySchemes"] = {KEY_SCHEME: {"type": "apiKey", "in": "header", "name": "x-api-key"}}
        schema["security"] = [{KEY_SCHEME: []}]
        for path, operations in schema["paths"].items():
            for method, operation in operations.items():
                _settle(operation, SCOPES[(method.upper(), path)])
        for unused in ("HTTPValidationError", "ValidationError"):
            parts["schemas"].pop(unused, None)
        app.openapi_schema = schema
    return app.openapi_schema


def serve_document(app: FastAPI) -> None:
    """Adds /openapi.json, which names the path that the API is under where there is one."""

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi(request: Request) -> JSONResponse:
        base = request.scope.get(BASE)
        return JSONResponse(document(app) | ({"servers": [{"url": base}]} if base else {}))


def serve_docs(app: FastAPI) -> None:
    """Adds /docs, where the package with its files is installed. Its links are relative: they hold under any path."""
    folder = _assets()
    if folder is None:
        return
    app.mount(ASSETS, StaticFiles(directory=folder), name="assets")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="openapi.json",
            title="HiveWP",
            swagger_js_url=f"{_LINKED}/swagger-ui-bundle.js",
            swagger_css_url=f"{_LINKED}/swagger-ui.css",
            swagger_favicon_url=f"{_LINKED}/favicon.png",
        )


_TAGS = [
    {"name": "Instances", "description": "WhatsApp numbers: paired, restarted, logged out."},
    {"name": "Messages", "description": "What is sent, and how far it has come."},
    {"name": "Numbers", "description": "Which of them are on WhatsApp."},
    {"name": "Events", "description": "Everything that happened, in order."},
    {"name": "Webhooks", "description": "Where events are delivered to, signed by the Standard Webhooks scheme."},
    {"name": "Monitoring", "description": "How the deployment is."},
]


def _settle(operation: dict[str, Any], scope: Scope | None) -> None:
    """Says which scope is asked for, and takes out the framework's own error, which no route answers with."""
    if scope is None:
        operation["security"] = []
    else:
        operation["description"] += f"\n\nAsks for a key with the scope `{scope}`."
        operation["x-scope"] = scope.value
    for status, answer in list(operation["responses"].items()):
        if "HTTPValidationError" in str(answer):
            del operation["responses"][status]


def _introduction() -> str:
    rows = [f"| `{kind.name}` | {kind.status} | {kind.meaning} |" for kind in problems.TYPES.values()]
    return _INTRODUCTION + "\n".join(rows)


def _assets() -> Path | None:
    """Where Swagger UI's files are; found without importing their package."""
    spec = find_spec("fastapi_offline")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "static"
