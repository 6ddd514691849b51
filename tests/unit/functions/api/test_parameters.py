"""A query parameter that a route does not have is refused, on every route that takes a key."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from functions.api.app import ROUTERS
from functions.api.documentation import document
from shared.models.api_key import EVERYTHING
from shared.routes import Route
from tests.unit.functions.api.every_route import CALLS, called

KEY = ",".join(EVERYTHING)
DELIVERIES = Route("GET", "/v1/webhooks/{webhook_id}/deliveries", None)
EVENTS = Route("GET", "/v1/instances/{instance_id}/events", None)
HERE = "there is no such parameter; this route has"


async def refused(app: httpx.ASGITransport, route: Route, query: str) -> list[dict[str, Any]]:
    """The parameters that are wrong, and why."""
    answer = await called(app, route, KEY, query)
    if answer.status_code != 422:
        return []
    body = answer.json()
    return body["errors"] if body["type"] == "invalid-request" else []


@pytest.mark.parametrize("route", CALLS, ids=lambda route: f"{route.method} {route.path}")
async def test_a_route_takes_the_parameters_that_its_document_names_and_no_others(
    app: httpx.ASGITransport, route: Route
) -> None:
    operation = document(app.app)["paths"][route.path][route.method.lower()]  # type: ignore[arg-type]
    known = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
    unknown = {"pointer": "?nope", "detail": f"{HERE} {', '.join(known) or 'none'}"}
    assert await refused(app, route, "?nope=1") == [unknown]
    assert await refused(app, route, "?nope") == [unknown]
    wrong = await refused(app, route, "?" + "&".join(f"{name}=%20" for name in known))
    assert not any(one["detail"].startswith(HERE) for one in wrong)


async def test_each_that_is_wrong_is_named(app: httpx.ASGITransport) -> None:
    found = await refused(app, DELIVERIES, "?states=dead&limit=5&types=*")
    assert [one["pointer"] for one in found] == ["?states", "?types"]
    assert found[0]["detail"] == f"{HERE} limit, cursor, state, event_type, since, until"
    (found_twice,) = await refused(app, DELIVERIES, "?state=dead&state=retrying")
    assert found_twice == {"pointer": "?state", "detail": "this is given more than once"}
    assert [one["pointer"] for one in await refused(app, EVENTS, "?%ED%A0%80=1&type=x")] == [
        "?\ufffd\ufffd\ufffd",
        "?type",
    ]


async def test_a_query_of_rubbish_has_a_short_answer(app: httpx.ASGITransport) -> None:
    answer = await called(app, EVENTS, KEY, "?" + "&".join(f"{'x' * 300}{number}" for number in range(200)))
    errors = answer.json()["errors"]
    assert (answer.status_code, len(errors), {len(one["pointer"]) for one in errors}) == (422, 50, {200})


async def test_the_scope_is_told_first(app: httpx.ASGITransport) -> None:
    route = Route("POST", "/v1/webhooks", None)
    assert (await called(app, route, "read", "?nope=1")).status_code == 403


def test_no_parameter_is_declared_where_it_is_not_seen() -> None:
    inner = [inside for router in ROUTERS for route in router.routes for inside in route.dependant.dependencies]  # type: ignore[attr-defined]
    assert inner
    assert not any(inside.query_params or inside.dependencies for inside in inner)
