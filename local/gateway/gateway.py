"""The middleware itself: a plain ASGI callable around the API."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Protocol

from local.gateway.answers import blocked, forbidden, quota_exceeded, rate_limited, too_large, with_lists
from local.gateway.asgi import App, Receive, Scope, Send, header
from local.gateway.body import Body, BodyTooLarge, ClientGone, replay
from local.gateway.firewall import Firewall
from local.gateway.limiter import Limiter
from local.gateway.quota import DailyQuota
from shared.limits import MAX_BODY_BYTES, method_class, plan_of
from shared.models.api_key import ApiKey
from shared.rate_limit_fields import STANDING, Standing, rate_limit_fields
from shared.routes import is_open

_LONGEST_KEY = 256


class KeyDirectory(Protocol):
    """Knows the API keys."""

    async def find(self, key: str) -> ApiKey | None:
        """Whose key it is, or None when it is unknown or has expired."""


class Gateway:
    """Lets a call through to `app` when its address and key call seldom enough, its key is known, its plan has room and
    its body is not too large. `monotonic` and `unix` give the time in seconds."""

    def __init__(
        self, app: App, keys: KeyDirectory, monotonic: Callable[[], float], unix: Callable[[], float] = time.time
    ) -> None:
        self._app = app
        self._keys = keys
        self._firewall = Firewall(monotonic)
        self._limiter = Limiter(monotonic)
        self._quota = DailyQuota(unix)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with contextlib.suppress(ClientGone):
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        shown = header(scope, b"x-api-key")
        rule = self._firewall.refusing(_client_ip(scope), shown, scope["method"], scope["path"])
        if rule is not None:
            await Body(receive).drain()
            await blocked(send, rule)
        elif is_open(scope["path"]):
            await self._forward(scope, receive, send)
        else:
            await self._keyed(shown, scope, receive, send)

    async def _keyed(self, shown: str | None, scope: Scope, receive: Receive, send: Send) -> None:
        key = await self._keys.find(shown) if shown and len(shown) <= _LONGEST_KEY else None
        if key is None:
            await Body(receive).drain()
            await forbidden(send, bool(shown))
        else:
            await self._limited(key, scope, receive, send)

    async def _limited(self, key: ApiKey, scope: Scope, receive: Receive, send: Send) -> None:
        """A call that its class has no room for costs nothing of the day's quota."""
        name, plan = method_class(scope["method"], scope["path"]), plan_of(key.plan)
        limit = plan.limits[name]
        verdict = self._limiter.take(key.key_id, name, limit)
        standing = Standing(name.value, limit.count, limit.window_s, verdict.remaining, verdict.full_in_s)
        within = verdict.passed and self._quota.take(key.key_id, plan)
        quota = self._quota.standing(key.key_id, plan)
        if within:
            standings = rate_limit_fields(standing, quota)[STANDING]
            await self._forward(scope, receive, with_lists(send, {STANDING: standings}))
            return
        await Body(receive).drain()
        if verdict.passed:
            await quota_exceeded(send, quota, standing)
        else:
            await rate_limited(send, name, limit, verdict, standing, quota)

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = Body(receive)
        try:
            whole = await body.read(int(header(scope, b"content-length") or 0), MAX_BODY_BYTES)
        except BodyTooLarge:
            await body.drain()
            await too_large(send)
        else:
            await self._app(scope, replay(whole, receive), send)


def _client_ip(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""
