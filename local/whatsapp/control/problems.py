"""Errors of the control interface, as problem+json (RFC 9457)."""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ProblemError(Exception):
    """The request is answered with this status and detail."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers every error as a problem."""
    try:
        return await handler(request)
    except ProblemError as problem:
        return _response(problem.status, problem.detail)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        return _response(HTTPStatus(error.status), error.reason)


def _response(status: HTTPStatus, detail: str) -> web.Response:
    problem = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
    }
    return web.Response(body=json.dumps(problem), status=status.value, content_type="application/problem+json")
