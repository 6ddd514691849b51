"""One API under a stage's path, a custom domain, and a custom domain's base path."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from functions.api.mounted import EVENT, Mounted, place

INSTANCE = "/v1/instances/{instance_id}"


@pytest.mark.parametrize(
    ("resource", "path", "called", "expected"),
    [
        (INSTANCE, "/v1/instances/shop-1", "/prod/v1/instances/shop-1", ("/prod", "/v1/instances/shop-1")),
        (INSTANCE, "/v1/instances/shop-1", "/v1/instances/shop-1", ("", "/v1/instances/shop-1")),
        (INSTANCE, "/wa/v1/instances/shop-1", "/wa/v1/instances/shop-1", ("/wa", "/v1/instances/shop-1")),
        (INSTANCE, "/a/b/v1/instances/shop-1", "/a/b/v1/instances/shop-1", ("/a/b", "/v1/instances/shop-1")),
        (INSTANCE, "/v1/instances/a%40b", "/v1/v1/instances/a%40b", ("/v1", "/v1/instances/a@b")),
        (INSTANCE, "/v1/instances/a%2Fb", "/prod/v1/instances/a%2Fb", ("/prod", "/v1/instances/a/b")),
        (INSTANCE, "/wa/v1/instances/a%2F..%2Fb", "/wa/v1/instances/a%2F..%2Fb", ("/wa", "/v1/instances/a/../b")),
        (INSTANCE, "/v1/instances/shop-1/", "/prod/v1/instances/shop-1/", ("/prod", "/v1/instances/shop-1/")),
        ("/v1/instances", "/v1/instances", "/v1/v1/instances", ("/v1", "/v1/instances")),
        ("/", "/", "/prod", ("/prod", "/")),
        ("/", "/", "/prod/", ("/prod", "/")),
        ("/docs", "/docs", None, ("", "/docs")),
    ],
)
def test_the_path_that_is_ours_is_found(
    resource: str, path: str, called: str | None, expected: tuple[str, str]
) -> None:
    assert place({"resource": resource, "path": path, "requestContext": {"path": called}}) == expected


@pytest.mark.parametrize(("stage", "location"), [("/prod", "/prod/v1/x"), ("", "/v1/x")])
async def test_a_location_leads_back_under_the_same_path(stage: str, location: str) -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["path"])
        await Response(status_code=201, headers={"location": "/v1/x"})(scope, receive, send)

    async def gateway(scope: Any, receive: Any, send: Any) -> None:
        event = {"resource": "/v1", "path": "/v1", "requestContext": {"path": f"{stage}/v1"}}
        await Mounted(app)(scope | {EVENT: event}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(gateway), base_url="http://api") as caller:
        answer = await caller.get("/v1")
    assert (seen, answer.headers["location"]) == (["/v1"], location)
