"""Endpoints that have events in order, over HTTP."""

from __future__ import annotations

import httpx
import pytest

from functions.api.services import Services
from shared.models.catch_up import CatchUp
from shared.models.endpoint_health import BEFORE_S
from shared.queues.jobs import decode
from shared.queues.names import DELIVERIES, open_queue
from shared.queues.queue import Depth
from tests.conftest import Deployment

NEW = {"url": "http://127.0.0.1:9/hook", "ordering": "instance"}


@pytest.mark.parametrize("change", [{"enabled": True}, {"ordering": "none"}, {"url": "http://127.0.0.1:9/new"}])
async def test_what_waits_comes_at_once_where_a_change_lets_it(
    api: httpx.AsyncClient, services: Services, deployment: Deployment, change: dict[str, object]
) -> None:
    made = await api.post("/v1/webhooks", json=NEW)
    assert made.status_code == 201, made.text
    assert made.json()["ordering"] == "instance"
    name, now = made.json()["id"], services.clock.unix()
    failing = {"failing_since": now, "disabled_at": now}
    assert await services.webhook_health.change("acme", name, failing, {})
    path = f"/v1/webhooks/{name}"
    for harmless in ({"enabled": False}, {"headers": {"x-a": "b"}}):
        assert (await api.patch(path, json=harmless)).status_code == 200
    assert (await api.patch(path, json=change)).status_code == 200
    stored = await services.webhooks.get("acme", name)
    assert stored is not None
    assert (stored.health.behind_since or 0.0) <= now - BEFORE_S
    queue = await open_queue(deployment.sqs, deployment.settings.prefix, DELIVERIES.name)
    (come,) = await queue.receive(wait_s=2)
    job = decode(come.body)
    assert isinstance(job, CatchUp)
    assert (job.webhook_id, job.at) == (name, stored.health.catch_up_at)
    assert await queue.depth() == Depth(waiting=0, in_flight=1, delayed=1), "one more comes, should the call have died"


async def test_a_change_of_webhook_url_is_one_of_those(
    api: httpx.AsyncClient, services: Services, deployment: Deployment
) -> None:
    settings = {"settings": {"webhook_url": "http://127.0.0.1:9/hook"}}
    made = await api.post("/v1/instances", json={"id": "shop-1", **settings})
    assert made.status_code == 201, made.text
    settings["settings"]["webhook_url"] += "/new"
    assert (await api.patch("/v1/instances/shop-1", json=settings)).status_code == 200
    queue = await open_queue(deployment.sqs, deployment.settings.prefix, DELIVERIES.name)
    (come,) = await queue.receive(wait_s=2)
    job = decode(come.body)
    assert isinstance(job, CatchUp)
    stored = await services.webhooks.get("acme", job.webhook_id)
    assert stored is not None
    assert (stored.url, stored.health.catch_up_at) == (settings["settings"]["webhook_url"], job.at)
    assert (await queue.depth()).delayed == 1


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


async def test_a_change_that_changes_nothing_wakes_nobody(
    api: httpx.AsyncClient, services: Services, deployment: Deployment
) -> None:
    name = (await api.post("/v1/webhooks", json=NEW)).json()["id"]
    path, same = f"/v1/webhooks/{name}", {**NEW, "enabled": True, "events": ["*"]}
    assert (await api.patch(path, json=same)).status_code == 200
    queue = await open_queue(deployment.sqs, deployment.settings.prefix, DELIVERIES.name)
    assert await queue.depth() == Depth(waiting=0, in_flight=0, delayed=0)
    assert await services.webhook_health.change("acme", name, {"paused_until": services.clock.unix() + 600}, {})
    assert (await api.patch(path, json={"enabled": True})).json()["health"] == {"state": "healthy"}
    assert (await queue.depth()).delayed == 1
