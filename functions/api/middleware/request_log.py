"""The outermost layer: one line in the log per call, and an answer for every exception."""

from __future__ import annotations

import logging
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions.api import problems
from functions.api.errors import problem_of
from functions.api.problems import Problem, problem_response
from shared.ids import new_id
from shared.logs import bind

log = logging.getLogger(__name__)

ABANDONED = 499  # the caller hung up, or the process was stopped, before there was an answer


class RequestLog:
    """Logs method, route, status and duration, and what the call was about; never a body, a query or a key."""

    def __init__(self, app: ASGIApp, monotonic: Callable[[], float]) -> None:
        self._app = app
        self._monotonic = monotonic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        with bind(request=request_id):
            await self._call(scope, receive, send, request_id)

    async def _call(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        began, status = self._monotonic(), 0

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                headers.setdefault("cache-control", "no-store")
            await send(message)

        try:
            await self._app(scope, receive, send_marked)
        except Exception as error:
            problem = problem_of(error)
            if status or problem.kind is problems.INTERNAL:
                log.exception("the call failed")
            elif problem.kind is problems.UNAVAILABLE:
                log.warning("the call failed: %s", _cause(error))
            if not status:
                await _answer(problem, request_id)(scope, receive, send_marked)
        finally:
            _log_line(scope, status or ABANDONED, self._monotonic() - began)


def _answer(problem: Problem, request_id: str) -> ASGIApp:
    if problem.kind is problems.INTERNAL:
        problem.members["request_id"] = request_id
    return problem_response(problem)


def _cause(error: Exception) -> str:
    """What the store or a queue said, in words that hold nothing of the call."""
    found = (error.__cause__ or error) if isinstance(error, Problem) else error
    return f"{type(found).__name__}: {found}"


def _request_id(scope: Scope) -> str:
    in_lambda = scope.get("aws.context")
    return str(in_lambda.aws_request_id) if in_lambda is not None else new_id("req")


def _log_line(scope: Scope, status: int, seconds: float) -> None:
    fields = {
        "method": scope["method"],
        "route": getattr(scope.get("route"), "path", None),
        "status": status,
        "ms": round(seconds * 1000, 1),
    }
    log.info("request", extra={"fields": fields})
