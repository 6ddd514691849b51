"""Tenants never see or touch each other's things, and keys do no more than they may, on every route that there is.

The routes come from the OpenAPI document. A new one that takes an id or a body which is not known here fails the walk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from functions.api.services import Services
from shared.clock import iso
from shared.models.api_key import ApiKey, Scope
from shared.models.command import CommandKind
from shared.models.webhook import Delivery, DeliveryState, delivery_id
from shared.routes import SCOPES
from tests.integration.functions.api.conftest import client_of
from tests.integration.functions.api.fake_worker import FakeWorker

TOLD = "http://127.0.0.1:9/hook?token=known-to-acme"
SECRETS = ("Bearer of acme", "known-to-acme", "2@fresh")
"""What a key for reading is never shown."""
TEXT = "only acme and its customer know this"
BODIES: dict[str, Any] = {
    "POST /v1/instances": {"id": "shop-2"},
    "PATCH /v1/instances/{instance_id}": {"name": "Mine"},
    "POST /v1/instances/{instance_id}/pair-code": {"phone": "351912345678"},
    "POST /v1/instances/{instance_id}/messages": {"to": "351912345678", "type": "text", "text": "hi"},
    "POST /v1/instances/{instance_id}/numbers/check": {"numbers": ["351912345678"]},
    "POST /v1/webhooks": {"url": "http://127.0.0.1:9/y", "instances": ["shop-1"]},
    "PATCH /v1/webhooks/{webhook_id}": {"enabled": False},
    "POST /v1/webhooks/{webhook_id}/replay": {"since": "2026-01-31T12:00:00Z", "until": "2026-01-31T18:00:00Z"},
}
ASKING = {"POST /v1/instances/{instance_id}/numbers/check"}
"""What has a body and changes nothing."""
OWN = {"POST /v1/instances", "POST /v1/webhooks"}
"""What makes something of the caller's own."""


@dataclass(frozen=True, slots=True)
class Acme:
    """One of everything that acme has, by the name of its path parameter, and words that would give it away."""

    things: dict[str, str]
    telling: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a path as the document has it."""

    method: str
    path: str
    is_open: bool

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    async def call(self, caller: httpx.AsyncClient, things: dict[str, str]) -> httpx.Response:
        """The call, about these things."""
        url = re.sub(r"{(\w+)}", lambda name: things[name[1]], self.path)
        return await caller.request(self.method, url, json=BODIES.get(self.name))


async def operations(caller: httpx.AsyncClient) -> list[Operation]:
    """Every operation of the document."""

    def walk(document: dict[str, Any]) -> Iterator[Operation]:
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                yield Operation(method.upper(), path, operation.get("security") == [])

    return list(walk((await caller.get("/openapi.json")).json()))


@pytest.fixture
async def acme(api: httpx.AsyncClient, services: Services, worker: FakeWorker) -> Acme:
    """Acme's things: an instance that is paired, a message, an event, an endpoint and a delivery."""
    await api.post("/v1/instances", json={"id": "shop-1", "name": "Acme's shop"})
    await worker.connect("acme", "shop-1")
    sent = await api.post("/v1/instances/shop-1/messages", json={"to": "351912345678", "type": "text", "text": TEXT})
    hook = (await api.post("/v1/webhooks", json={"url": "http://127.0.0.1:9/acme"})).json()
    event = await worker.event("acme", "shop-1", 1)
    delivery = Delivery(
        id=delivery_id(event.id, hook["id"]),
        tenant="acme",
        webhook_id=hook["id"],
        event_id=event.id,
        event_type=event.type,
        state=DeliveryState.DEAD,
        created_at=iso(1),
        instance="shop-1",
        sequence=1,
    )
    await services.deliveries.save(delivery, worker.clock.unix())
    times = {"since": "2026-01-31T12:00:00Z", "until": "2026-01-31T18:00:00Z"}
    replay = (await api.post(f"/v1/webhooks/{hook['id']}/replay", json=times)).json()
    things = {
        "instance_id": "shop-1",
        "message_id": sent.json()["id"],
        "webhook_id": hook["id"],
        "delivery_id": delivery.id,
        "replay_id": replay["id"],
    }
    telling = (
        sent.json()["id"],
        hook["id"],
        event.id,
        delivery.id,
        replay["id"],
        hook["secret"],
        hook["url"],
        "Acme's",
        TEXT,
    )
    return Acme(things, telling)


async def looks(api: httpx.AsyncClient, acme: Acme) -> dict[str, str]:
    """All that acme sees of its things; figures change with every call."""
    closed = [operation for operation in await operations(api) if operation.method == "GET" and not operation.is_open]
    seen = [operation for operation in closed if operation.path != "/monitoring/metrics"]
    return {operation.path: (await operation.call(api, acme.things)).text for operation in seen}


async def test_what_is_anothers_is_not_there_on_every_route(
    api: httpx.AsyncClient, rival: httpx.AsyncClient, acme: Acme
) -> None:
    before = await looks(api, acme)
    assert any(TEXT in text or "Acme's" in text for text in before.values()), "acme itself sees them"
    for operation in await operations(api):
        answer = await operation.call(rival, acme.things)
        if "{" in operation.path:
            assert (answer.status_code, answer.json()["type"]) == (404, "not-found"), (operation, answer.text)
        else:
            assert answer.status_code == (201 if operation.name in OWN else 200), (operation, answer.text)
        assert not [word for word in acme.telling if word in answer.text], operation
    assert await looks(api, acme) == before


async def test_a_tenants_lists_hold_its_own_things_alone(
    api: httpx.AsyncClient, rival: httpx.AsyncClient, acme: Acme
) -> None:
    for path in ("/v1/instances", "/v1/webhooks"):
        assert len((await api.get(path)).json()["data"]) == 1
        assert (await rival.get(path)).json()["data"] == []
    await rival.post("/v1/instances", json={"id": "shop-1", "name": "Rival's"})
    assert (await api.get("/v1/instances/shop-1")).json()["name"] == "Acme's shop", "names are each tenant's own"
    assert (await rival.get("/v1/instances/shop-1/events")).json()["data"] == []
    await rival.delete("/v1/instances/shop-1")
    assert (await api.get("/v1/instances/shop-1")).status_code == 200


async def test_without_a_key_only_what_is_open_answers(services: Services, acme: Acme) -> None:
    for key in (None, "", "hwp_unknown", "hwp_acme "):
        async with client_of(services, key) as stranger:
            for operation in await operations(stranger):
                answer = await operation.call(stranger, acme.things)
                if operation.is_open:
                    assert answer.status_code == 200, operation
                else:
                    assert (answer.status_code, answer.json()["type"]) == (403, "forbidden"), operation


async def unpaired(api: httpx.AsyncClient, worker: FakeWorker, acme: Acme) -> Acme:
    """The same things, with an instance that waits for a phone and an endpoint that is told secrets."""
    await api.post("/v1/instances", json={"id": "shop-2", "settings": {"webhook_url": TOLD}})
    await worker.took(2, CommandKind.PAIR)
    await worker.shows_code("acme", "shop-2", 1)
    headers = {"authorization": "Bearer of acme"}
    hook = (await api.post("/v1/webhooks", json={"url": TOLD, "headers": headers})).json()
    return Acme(acme.things | {"instance_id": "shop-2", "webhook_id": hook["id"]}, acme.telling)


async def test_a_key_for_reading_changes_nothing_and_sees_no_secret(
    api: httpx.AsyncClient, services: Services, worker: FakeWorker, acme: Acme
) -> None:
    await services.keys.save("hwp_reader", ApiKey("key_reader", "acme", scopes=(Scope.READ,)))
    for things in (acme, await unpaired(api, worker, acme)):
        before = await looks(api, things)
        async with client_of(services, "hwp_reader") as reader:
            await walk_as_reader(reader, api, things)
        assert await looks(api, things) == before
    assert all(any(secret in text for text in before.values()) for secret in SECRETS), "acme itself sees them"


async def walk_as_reader(reader: httpx.AsyncClient, api: httpx.AsyncClient, acme: Acme) -> None:
    """Every route, called with a key for reading. What it must not do it is refused, the rest tells no secret."""
    for operation in await operations(reader):
        answer = await operation.call(reader, acme.things)
        if SCOPES[operation.method, operation.path] in {None, Scope.READ}:
            assert operation.method == "GET" or operation.name in ASKING, f"{operation} is said to change nothing"
            assert answer.status_code == (await operation.call(api, acme.things)).status_code, operation
            assert not [word for word in SECRETS if word in answer.text], operation
        else:
            assert (answer.status_code, answer.json()["type"]) == (403, "missing-scope"), operation
