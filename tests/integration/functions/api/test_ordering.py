"""Endpoints that have events in order, over HTTP."""

from __future__ import annotations

import httpx

from functions.api.services import Services
from shared.clock import iso
from shared.models.chain import Chain
from shared.models.event import Event, EventType
from shared.models.instance import InstanceKey
from shared.queues.deliveries import decode
from shared.queues.names import DELIVERIES, open_queue
from shared.store.events import event_put
from tests.conftest import Deployment

NEW = {"url": "http://127.0.0.1:9/hook", "ordering": "instance"}


async def test_what_waits_is_woken_by_enabling_and_by_a_change_of_ordering(
    api: httpx.AsyncClient, services: Services, deployment: Deployment
) -> None:
    made = await api.post("/v1/webhooks", json=NEW)
    assert made.status_code == 201, made.text
    assert made.json()["ordering"] == "instance"
    name, now = made.json()["id"], services.clock.unix()
    event = Event("evt_5", EventType.MESSAGE_SENT, iso(now), {}, "shop-1", 5)
    await deployment.database.write(event_put(InstanceKey("acme", "shop-1"), event, now))
    for instance in ("shop-1", "shop-2"):  # the second one has heard of all there is
        chain = Chain(tenant="acme", webhook_id=name, instance=instance, cursor=4, first=0, behind=True)
        assert await services.chains.begin(chain, now)
    path = f"/v1/webhooks/{name}"
    for change in ({"enabled": False}, {"enabled": True}, {"ordering": "none"}):
        assert (await api.patch(path, json=change)).status_code == 200
    queue = await open_queue(deployment.sqs, deployment.settings.prefix, DELIVERIES.name)
    tasks = [decode(one.body) for _ in range(2) for one in await queue.receive(most=1, wait_s=2)]
    assert [(task.webhook_id, task.event, task.chained) for task in tasks] == [(name, event.body(), True)] * 2
    stored = await services.webhooks.get("acme", name)
    assert stored is not None
    assert stored.ordering == "none"
    assert (stored.matched_since or 0.0) >= now


async def test_what_is_asked_for_is_noted_as_changed_only_where_it_is(
    api: httpx.AsyncClient, services: Services
) -> None:
    made = (await api.post("/v1/webhooks", json=NEW)).json()
    for change in ({"ordering": "instance"}, {"events": ["*"]}, {"enabled": True}, {"headers": {"x-a": "b"}}):
        assert (await api.patch(f"/v1/webhooks/{made['id']}", json=change)).status_code == 200
    stored = await services.webhooks.get("acme", made["id"])
    assert stored is not None
    assert stored.matched_since is None
    assert (await api.patch(f"/v1/webhooks/{made['id']}", json={"ordering": "all"})).status_code == 422
