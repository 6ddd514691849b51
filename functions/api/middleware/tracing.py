"""Each call is a part of a trace: its caller's, if that came in `traceparent`, or one that begins here.

The answer tells which by `x-trace-id`, errors included: to be searched for as it stands, in logs and in spans. (W3C's
`traceresponse` is a draft of which nothing has come for years; it would also tell the id of a span, which is ours.)
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions.api.call import CALLER, ids_of
from functions.api.middleware.request_log import ABANDONED
from shared.logs import bind
from shared.models.api_key import ApiKey
from shared.routes import is_open
from shared.tracing import PASS_ON, Kind, Span, Tracer, checked

TRACE_ID = "x-trace-id"
_UNRECORDED = "/monitoring"  # asked every few seconds by machines


class Tracing:
    """The span of a call, named for its route; of some routes there is but the trace id."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path, status = scope["path"], ABANDONED
        tracer = PASS_ON if is_open(path) or path.startswith(_UNRECORDED) else self._tracer
        with tracer.span(scope["method"], Kind.SERVER, _parent(scope)) as span, bind(trace=span.trace_id):

            async def send_marked(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                    MutableHeaders(scope=message)[TRACE_ID] = span.trace_id
                await send(message)

            try:
                await self._app(scope, receive, send_marked)
            finally:
                _describe(span, scope, status)


def _parent(scope: Scope) -> str | None:
    sent = Headers(scope=scope).getlist("traceparent")
    return checked(sent[0]) if len(sent) == 1 else None


def _describe(span: Span, scope: Scope, status: int) -> None:
    """What is known of a call once it is over."""
    about: dict[str, str | int] = {"http.request.method": scope["method"], "http.response.status_code": status}
    caller: ApiKey | None = scope.get(CALLER)
    if caller is not None:
        about["hivewp.tenant"] = caller.tenant
    route: str | None = getattr(scope.get("route"), "path", None)
    if route is not None:
        span.rename(f"{scope['method']} {route}")
        about["http.route"] = route
    about |= {f"hivewp.{name}": value for name, value in ids_of(scope.get("path_params", {})).items()}
    span.note(about)
    if status >= 500:  # below, it is the caller's doing
        span.failed(str(status))
