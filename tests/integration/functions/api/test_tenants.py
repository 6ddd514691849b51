"""Tenants never see each other: what is another's does not exist, on every route that there is."""

from __future__ import annotations

import re
from typing import Any

import httpx

from functions.api.services import Services
from shared.clock import iso
from shared.models.webhook import Delivery, DeliveryState, delivery_id
from tests.integration.functions.api.fake_worker import FakeWorker

BODIES: dict[str, Any] = {
    "/v1/instances/{instance_id}": {"name": "Mine"},
    "/v1/instances/{instance_id}/pair-code": {"phone": "351912345678"},
    "/v1/instances/{instance_id}/messages": {"to": "351912345678", "type": "text", "text": "hi"},
    "/v1/webhooks/{webhook_id}": {"enabled": False},
}


async def acmes_things(api: httpx.AsyncClient, services: Services, worker: FakeWorker) -> dict[str, str]:
    """One of everything, by the name of its path parameter."""
    await api.post("/v1/instances", json={"id": "shop-1"})
    await worker.connect("acme", "shop-1")
    message = {"to": "351912345678", "type": "text", "text": "hi"}
    sent = await api.post("/v1/instances/shop-1/messages", json=message)
    hook = (await api.post("/v1/webhooks", json={"url": "http://127.0.0.1:9/x"})).json()["id"]
    event = await worker.event("acme", "shop-1", 1)
    delivery = Delivery(
        id=delivery_id(event.id, hook),
        tenant="acme",
        webhook_id=hook,
        event_id=event.id,
        event_type=event.type,
        state=DeliveryState.DEAD,
        created_at=iso(1),
        instance="shop-1",
        sequence=1,
    )
    await services.deliveries.save(delivery, worker.clock.unix())
    return {
        "instance_id": "shop-1",
        "message_id": sent.json()["id"],
        "webhook_id": hook,
        "delivery_id": delivery.id,
    }


async def test_what_is_anothers_is_not_found_on_every_route(
    api: httpx.AsyncClient, rival: httpx.AsyncClient, services: Services, worker: FakeWorker
) -> None:
    things = await acmes_things(api, services, worker)
    paths = (await api.get("/openapi.json")).json()["paths"]
    tried = 0
    for path, operations in paths.items():
        if "{" not in path:
            continue
        url = re.sub(r"{(\w+)}", lambda name: things[name[1]], path)
        for method in operations:
            body = BODIES.get(path) if method in {"post", "patch"} else None
            answer = await rival.request(method, url, json=body)
            assert (answer.status_code, answer.json()["type"]) == (404, "not-found"), (method, path, answer.text)
            tried += 1
    assert tried >= 18
    assert (await rival.get("/v1/instances")).json()["data"] == []
    assert (await rival.get("/v1/webhooks")).json()["data"] == []
    assert (await api.get("/v1/instances/shop-1")).json()["name"] is None
    assert (await api.get(f"/v1/webhooks/{things['webhook_id']}")).json()["enabled"] is True
