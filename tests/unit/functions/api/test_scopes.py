"""What a key is not good for, it cannot do, on every route."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import cast

import httpx
import pytest

from functions.api.app import create_app
from functions.api.services import Services
from shared.clock import SystemClock
from shared.figures import Tally
from shared.metrics import Meter
from shared.models.api_key import EVERYTHING, ApiKey, Scope
from shared.routes import ROUTES, Route
from shared.store.cache import Cache
from shared.store.database import Database
from shared.tracing import PASS_ON

CALLS = [route for route in ROUTES if not route.is_open]
IDS = {
    "instance_id": "shop-1",
    "message_id": f"msg_{'0' * 26}",
    "webhook_id": f"wh_{'0' * 26}",
    "delivery_id": f"dlv_{'0' * 26}_{'0' * 26}",
    "replay_id": f"rpl_{'0' * 26}",
}


class FakeKeys:
    """A key is named by its scopes."""

    async def find(self, key: str) -> ApiKey | None:
        return ApiKey("key_1", "acme", scopes=tuple(key.split(",")))


@pytest.fixture(scope="module")
def app() -> httpx.ASGITransport:
    """An API that has nothing to answer with: what passes the check fails after it."""
    clock, cache = SystemClock(), Cache(cast(Database, None), SystemClock())
    counting = {"tally": Tally.off(), "meter": Meter.off(), "tracer": PASS_ON}
    services = SimpleNamespace(clock=clock, keys=FakeKeys(), cache=cache, depths=SimpleNamespace(look=None), **counting)
    return httpx.ASGITransport(create_app(cast(Services, services)))


async def refused(app: httpx.ASGITransport, route: Route, scopes: tuple[Scope, ...]) -> str | None:
    """The scope that the answer says is lacking."""
    path = re.sub(r"{(\w+)}", lambda name: IDS[name[1]], route.path)
    async with httpx.AsyncClient(transport=app, base_url="http://api") as caller:
        answer = await caller.request(route.method, path, headers={"x-api-key": ",".join(scopes)})
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
