"""No body over the limit is read, whatever its length header says."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions.api import problems
from functions.api.problems import Problem, problem_response
from shared.limits import MAX_BODY_BYTES

_DETAIL = f"The body is larger than {MAX_BODY_BYTES:,} bytes."


class BodyLimit:
    """Answers 413 to a length that is too large; a body without one is counted while it is read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared) > MAX_BODY_BYTES:
            await problem_response(_too_large())(scope, receive, send)
            return
        await self._app(scope, _counting(receive), send)


def _counting(receive: Receive) -> Receive:
    size = 0

    async def receive_counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MAX_BODY_BYTES:
            raise _too_large()
        return message

    return receive_counted


def _too_large() -> Problem:
    return Problem(problems.PAYLOAD_TOO_LARGE, _DETAIL)
