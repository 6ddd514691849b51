"""The middleware itself: a plain ASGI callable around the API."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Protocol

from local.gateway.answers import forbidden, quota_exceeded, rate_limit_headers, rate_limited, too_large, with_headers
from local.gateway.asgi import App, Receive, Scope, Send, header
from local.gateway.body import Body, BodyTooLarge, ClientGone, replay
from local.gateway.limiter import Limiter
from local.gateway.quota import DailyQuota
from shared.limits import MAX_BODY_BYTES, PLANS, STANDARD, method_class
from shared.models.api_key import ApiKey
from shared.routes import is_open

_LONGEST_KEY = 256


class KeyDirectory(Protocol):
    """Knows the API keys."""

    async def find(self, key: str) -> ApiKey | None:
        """Whose key it is, or None when it is unknown or has expired."""


class Gateway:
    """Lets a call through to `app` when its key is known, its plan has room and its body is not too large."""

    def __init__(
        self, app: App, keys: KeyDirectory, monotonic: Callable[[], float], unix: Callable[[], float] = time.time
    ) -> None:
        self._app = app
        self._keys = keys
        self._limiter = Limiter(monotonic)
        self._quota = DailyQuota(unix)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with contextlib.suppress(ClientGone):
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if is_open(scope["path"]):
            await self._forward(scope, receive, send)
            return
        shown = header(scope, b"x-api-key")
        key = await self._keys.find(shown) if shown and len(shown) <= _LONGEST_KEY else None
        if key is None:
            await Body(receive).drain()
            await forbidden(send, bool(shown))
        else:
            await self._limited(key, scope, receive, send)

    async def _limited(self, key: ApiKey, scope: Scope, receive: Receive, send: Send) -> None:
        name = method_class(scope["method"], scope["path"])
        plan = PLANS.get(key.plan, STANDARD)
        limit = plan.limits[name]
        verdict = self._limiter.take(key.key_id, name, limit)
        renewed_in_s = self._quota.take(key.key_id, plan.quota_per_day) if verdict.passed else None
        if renewed_in_s is not None:
            await Body(receive).drain()
            await quota_exceeded(send, plan.quota_per_day, renewed_in_s)
        elif verdict.passed:
            await self._forward(scope, receive, with_headers(send, rate_limit_headers(name, limit, verdict)))
        else:
            await Body(receive).drain()
            await rate_limited(send, name, limit, verdict)

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = Body(receive)
        try:
            whole = await body.read(int(header(scope, b"content-length") or 0), MAX_BODY_BYTES)
        except BodyTooLarge:
            await body.drain()
            await too_large(send)
        else:
            await self._app(scope, replay(whole, receive), send)
