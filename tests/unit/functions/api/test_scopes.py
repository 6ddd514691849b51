"""What a key is not good for, it cannot do, on every route."""

from __future__ import annotations

from typing import cast

import httpx
import pytest

from shared.models.api_key import EVERYTHING, Scope
from shared.routes import Route
from tests.unit.functions.api.every_route import CALLS, called


async def refused(app: httpx.ASGITransport, route: Route, scopes: tuple[Scope, ...]) -> str | None:
    """The scope that the answer says is lacking."""
    answer = await called(app, route, ",".join(scopes))
    if answer.status_code != 403:
        return None
    body = answer.json()
    assert body["type"] == "missing-scope"
    return str(body["scope"])


@pytest.mark.parametrize("route", CALLS, ids=lambda route: f"{route.method} {route.path}")
async def test_only_a_key_of_its_scope_is_let_through(app: httpx.ASGITransport, route: Route) -> None:
    others = tuple(scope for scope in EVERYTHING if scope is not route.scope)
    assert await refused(app, route, others) == route.scope
    assert await refused(app, route, cast(tuple[Scope], (route.scope,))) is None


async def test_an_answer_tells_before_the_body_is_judged(app: httpx.ASGITransport) -> None:
    async with httpx.AsyncClient(transport=app, base_url="http://api") as caller:
        answer = await caller.post("/v1/instances/shop-1/messages", json={"no": 1}, headers={"x-api-key": "read"})
    assert (answer.status_code, answer.json()["detail"]) == (403, "This key lacks the scope send; it has read.")
