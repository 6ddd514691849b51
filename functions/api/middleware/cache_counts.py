"""Hands over what the cache counted: in Lambda nothing of a process runs between calls."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from shared.store.cache import Cache


class CacheCounts:
    """After each call, when it is time; the caller has the answer already, or waits for one write in some seconds."""

    def __init__(self, app: ASGIApp, cache: Cache) -> None:
        self._app = app
        self._cache = cache

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        finally:
            if scope["type"] == "http":
                await self._cache.flush()
