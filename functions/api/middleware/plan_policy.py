"""Tells every caller what its key's plan allows: API Gateway, which holds it to that, says so only where it refuses."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions.api.call import CALLER
from shared.limits import method_class, plan_of
from shared.models.api_key import ApiKey
from shared.rate_limit_fields import plan_policy, with_fields


class PlanPolicy:
    """Adds RateLimit-Policy to the answer of a call with a key."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_told(message: Message) -> None:
            caller: ApiKey | None = scope.get(CALLER)  # known once the call has come further
            if caller and message["type"] == "http.response.start":
                fields = plan_policy(plan_of(caller.plan), method_class(scope["method"], scope["path"]))
                message["headers"] = with_fields(message["headers"], fields)
            await send(message)

        await self._app(scope, receive, send_told)
