"""The OpenAPI document says what the API does, with examples on every route."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from functions.api.app import create_app
from functions.api.mounted import BASE
from functions.api.services import Services
from shared.clock import SystemClock
from shared.figures import Tally
from shared.metrics import Meter
from shared.routes import ROUTES
from shared.store.cache import Cache
from shared.store.database import Database
from shared.tracing import PASS_ON


@pytest.fixture(scope="module")
def services() -> Services:
    """As much of them as is needed to describe the routes."""
    clock = SystemClock()
    cache = Cache(cast(Database, None), clock)
    counting = {"tally": Tally.off(), "meter": Meter.off(), "tracer": PASS_ON}
    return cast(
        Services, SimpleNamespace(clock=clock, keys=None, cache=cache, depths=SimpleNamespace(look=None), **counting)
    )


@pytest.fixture(scope="module")
def document(services: Services) -> dict[str, Any]:
    return create_app(services).openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def has_example(document: dict[str, Any], content: dict[str, Any]) -> bool:
    if "example" in content or "examples" in content:
        return True
    schema = content["schema"]
    schema = next((one for one in schema.get("anyOf", []) if "$ref" in one), schema)
    name = schema.get("$ref", "").rpartition("/")[2]
    return bool(document["components"]["schemas"].get(name, {}).get("examples"))


def test_the_routes_are_those_of_the_contract(document: dict[str, Any]) -> None:
    assert {name for name, _ in operations(document)} == {f"{route.method} {route.path}" for route in ROUTES}
    assert sorted(name for name, _ in operations(document)) == sorted(
        """
        POST /v1/instances | GET /v1/instances | GET /v1/instances/{instance_id} | PATCH /v1/instances/{instance_id}
        | DELETE /v1/instances/{instance_id} | GET /v1/instances/{instance_id}/qr
        | POST /v1/instances/{instance_id}/pair-code | POST /v1/instances/{instance_id}/restart
        | POST /v1/instances/{instance_id}/logout | GET /v1/instances/{instance_id}/journal
        | POST /v1/instances/{instance_id}/messages | GET /v1/instances/{instance_id}/messages/{message_id}
        | POST /v1/instances/{instance_id}/numbers/check
        | GET /v1/instances/{instance_id}/events | POST /v1/webhooks | GET /v1/webhooks
        | GET /v1/webhooks/{webhook_id} | PATCH /v1/webhooks/{webhook_id} | DELETE /v1/webhooks/{webhook_id}
        | POST /v1/webhooks/{webhook_id}/rotate-secret | POST /v1/webhooks/{webhook_id}/test
        | GET /v1/webhooks/{webhook_id}/journal | GET /v1/webhooks/{webhook_id}/deliveries
        | POST /v1/webhooks/{webhook_id}/replay | GET /v1/webhooks/{webhook_id}/replays
        | GET /v1/webhooks/{webhook_id}/replays/{replay_id} | POST /v1/webhooks/{webhook_id}/replays/{replay_id}/stop
        | GET /v1/deliveries/{delivery_id} | POST /v1/deliveries/{delivery_id}/replay
        | GET /monitoring/health | GET /monitoring/metrics | GET /monitoring/instances/metrics
        | POST /monitoring/cache/clear | POST /monitoring/gc
        """.replace("\n", " ")
        .strip()
        .replace("        ", "")
        .split(" | ")
    )


def test_every_route_is_described_with_examples(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        assert operation["tags"], name
        assert operation["description"], name
        if "requestBody" in operation:
            assert has_example(document, operation["requestBody"]["content"]["application/json"]), name
        ok = next(status for status in operation["responses"] if status.startswith("2"))
        if ok != "204":
            assert has_example(document, operation["responses"][ok]["content"]["application/json"]), name


def test_every_route_names_its_problems(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        wrong = {status: answer for status, answer in operation["responses"].items() if status >= "4"}
        assert {"403", "429", "500", "503"} <= wrong.keys(), name
        assert ("404" in wrong) == ("{" in name), name
        assert ("413" in wrong) == ("requestBody" in operation), name
        assert wrong["429"]["headers"].keys() == {"Retry-After", "RateLimit-Policy", "RateLimit"}
        for answer in wrong.values():
            content = answer["content"]["application/problem+json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert all(example["value"]["type"] == kind for kind, example in content["examples"].items())
    assert "HTTPValidationError" not in str(document)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for parts in ("schemas", "headers"):
        named = set(re.findall(rf"#/components/{parts}/([\w-]+)", str(document)))
        assert named
        assert named <= document["components"][parts].keys()


def test_no_change_is_said_to_have_defaults(document: dict[str, Any]) -> None:
    """A client that was generated from the document would send them, and change what it was not to."""
    schemas = document["components"]["schemas"]
    changes = {name: one for name, one in schemas.items() if name.endswith("Change") and one["type"] == "object"}
    assert {"InstanceChange", "SettingsChange", "PacingChange", "WebhookChange"} <= changes.keys()
    for name, schema in changes.items():
        assert not [field for field, about in schema["properties"].items() if "default" in about], name
    assert schemas["NewWebhook"]["properties"]["events"]["default"] == ["*"], "those of what is made are true"


@pytest.mark.parametrize("name", ["NewWebhook", "WebhookChange"])
def test_all_that_an_endpoint_is_given_is_described(document: dict[str, Any], name: str) -> None:
    properties = document["components"]["schemas"][name]["properties"]
    assert properties.keys() == {"url", "events", "instances", "headers", "enabled", "ordering"}
    assert all(about.get("description") for about in properties.values())


def test_only_health_is_open(document: dict[str, Any]) -> None:
    assert document["security"] == [{"ApiKey": []}]
    assert [name for name, operation in operations(document) if "security" in operation] == ["GET /monitoring/health"]


def test_every_call_says_what_it_asks_of_a_key(document: dict[str, Any]) -> None:
    asked = {name: operation.get("x-scope") for name, operation in operations(document)}
    assert asked == {f"{route.method} {route.path}": route.scope for route in ROUTES}


async def test_the_document_names_the_path_that_the_api_is_under(services: Services) -> None:
    app = create_app(services)

    async def mounted(scope: Any, receive: Any, send: Any) -> None:
        await app(scope | {BASE: "/prod"}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(mounted), base_url="http://api") as anybody:
        assert (await anybody.get("/openapi.json")).json()["servers"] == [{"url": "/prod"}]
    assert "servers" not in app.openapi()


async def test_the_page_loads_nothing_from_elsewhere(services: Services) -> None:
    transport = httpx.ASGITransport(create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as anybody:
        page = await anybody.get("/docs")
        assert page.status_code == 200
        assert "://" not in page.text
        assert "url: 'openapi.json'" in page.text
        for url in re.findall(r'(?:src|href)="([^"]+)"', page.text):
            assert not url.startswith("/")
            assert (await anybody.get(url)).status_code == 200
        assert (await anybody.get("/openapi.json")).json()["openapi"].startswith("3.1")
