"""Where API Gateway has the API: under the path of a stage (`/prod`), or under the base path of a custom domain.

Routes know nothing of it. What callers are told of paths, the Location header and the OpenAPI document, does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BASE = "hivewp.base"
"""Where a call's scope holds the path that the API is under: empty, or such as `/prod`."""

EVENT = "aws.event"


class Mounted:
    """Takes what is in front of our own paths off a call, and puts it in front of its Location header."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        base, scope["path"] = place(scope[EVENT])
        scope[BASE] = base

        async def send_located(message: Message) -> None:
            if base and message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("location", "").startswith("/"):
                    headers["location"] = base + headers["location"]
            await send(message)

        await self._app(scope, receive, send_located)


def place(event: Mapping[str, Any]) -> tuple[str, str]:
    """The path that the API is under and the path of the call below it, from a REST API's event.

    The resource's template tells how many segments are ours; `path` has a custom domain's base path in front of them,
    the context's `path` what the caller has."""
    ours = len(_segments(event["resource"]))
    called = _segments(event["requestContext"].get("path") or event["path"])
    base = "".join(f"/{one}" for one in called[: len(called) - ours])
    path = "".join(f"/{one}" for one in _segments(event["path"])[-ours:]) if ours else ""
    ending = "/" if event["path"].endswith("/") else ""
    return base, unquote(path) + ending or "/"


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]
