from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from functions.api.call import CALLER
from functions.api.middleware.plan_policy import PlanPolicy
from shared.models.api_key import ApiKey

OWN = (b"ratelimit-policy", b'"messages-per-day";q=20;w=86400')


async def answered(path: str, key: ApiKey | None, *own: tuple[bytes, bytes]) -> httpx.Headers:
    """The headers of an answer to a POST with this key."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if key:
            scope[CALLER] = key
        await send({"type": "http.response.start", "status": 202, "headers": [(b"x", b"y"), *own]})
        await send({"type": "http.response.body", "body": b""})

    transport: Any = httpx.ASGITransport(PlanPolicy(app))
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        answer = await client.post(path)
        assert answer.headers["x"] == "y"
        return answer.headers


@pytest.mark.parametrize(
    ("path", "plan", "policy"),
    [
        ("/v1/instances", "standard", '"instance_operations";q=100;w=300, "calls-per-day";q=500000;w=86400'),
        ("/v1/webhooks", "scale", '"queries";q=10000;w=60, "calls-per-day";q=5000000;w=86400'),
        ("/v1/webhooks", "gone", '"queries";q=1000;w=60, "calls-per-day";q=500000;w=86400'),
    ],
)
async def test_a_caller_is_told_what_its_plan_allows(path: str, plan: str, policy: str) -> None:
    headers = await answered(path, ApiKey("key_1", "acme", plan))
    assert headers["ratelimit-policy"] == policy
    assert "ratelimit" not in headers


async def test_what_a_route_says_of_a_limit_of_its_own_is_in_the_same_list() -> None:
    headers = await answered("/v1/instances/shop-1/messages", ApiKey("key_1", "acme"), OWN)
    (policy,) = headers.get_list("ratelimit-policy")
    assert policy == '"messages";q=500;w=60, "calls-per-day";q=500000;w=86400, "messages-per-day";q=20;w=86400'


async def test_without_a_key_there_is_no_plan() -> None:
    assert "ratelimit-policy" not in await answered("/v1/instances", None)
