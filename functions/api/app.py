"""The app itself: routes, and the layers in front of them."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException

from functions.api.documentation import document, serve_docs, serve_document
from functions.api.errors import problem_of
from functions.api.events.routes import router as events
from functions.api.instances.routes import router as instances
from functions.api.messages.linked import LinkedInstances
from functions.api.messages.routes import router as messages
from functions.api.middleware.authentication import Authentication
from functions.api.middleware.body_limit import BodyLimit
from functions.api.middleware.cache_counts import CacheCounts
from functions.api.middleware.figures import Figures
from functions.api.middleware.plan_policy import PlanPolicy
from functions.api.middleware.request_log import RequestLog
from functions.api.middleware.tracing import Tracing
from functions.api.monitoring.deployment import Deployment
from functions.api.monitoring.own import OwnFigures
from functions.api.monitoring.routes import router as monitoring
from functions.api.numbers.checks import NumberChecks
from functions.api.numbers.routes import router as numbers
from functions.api.problems import METHOD_NOT_ALLOWED, problem_response
from functions.api.services import Services
from functions.api.webhooks.deliveries import router as deliveries
from functions.api.webhooks.replays import router as replays
from functions.api.webhooks.routes import router as webhooks

# the framework's would hold paths with what is in them, and the texts of errors; ours are those of middleware/tracing
_NO_SPANS_OF_ITS_OWN: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}

ROUTERS = (instances, messages, numbers, events, webhooks, deliveries, replays, monitoring)


def create_app(services: Services) -> FastAPI:
    """The API over these services, as an ASGI app."""
    app = FastAPI(title="HiveWP", openapi_url=None, redirect_slashes=False, telemetry=_NO_SPANS_OF_ITS_OWN)
    app.state.services = services
    app.state.linked = LinkedInstances(services)
    app.state.numbers = NumberChecks(services)
    app.state.deployment = Deployment(services)
    app.state.own = OwnFigures(services)
    for router in ROUTERS:
        app.include_router(router)
    serve_document(app)
    serve_docs(app)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]
    for kind in (HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _answer)
    app.add_middleware(BodyLimit)  # the last one added is the first to see a call
    app.add_middleware(Authentication, keys=services.keys)
    app.add_middleware(RequestLog, monotonic=services.clock.monotonic)
    app.add_middleware(PlanPolicy)
    app.add_middleware(CacheCounts, cache=services.cache)
    app.add_middleware(Figures, meter=services.meter, tally=services.tally, monotonic=services.clock.monotonic)
    app.add_middleware(Tracing, tracer=services.tracer)
    return app


async def _answer(request: Request, error: Exception) -> Response:
    problem = problem_of(error)
    if problem.kind is METHOD_NOT_ALLOWED:
        problem.headers = {"allow": ", ".join(_methods(request.url.path)) or "GET"}
    return problem_response(problem)


def _methods(path: str) -> list[str]:
    """What may be done at a path: the router itself knows only the first route of it."""
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    return sorted({method for route in routes if route.path_regex.match(path) for method in route.methods or ()})
