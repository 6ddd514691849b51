"""Endpoints and deliveries over HTTP."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx

from functions.api.services import Services
from functions.api.webhooks.endpoints import MOST
from shared.clock import iso
from shared.models.event import Event
from shared.models.webhook import Attempt, Delivery, DeliveryState, delivery_id
from shared.queues.deliveries import DeliveryTask, decode
from shared.queues.names import DELIVERIES, open_queue
from tests.conftest import Deployment
from tests.integration.functions.api.fake_worker import FakeWorker
from tests.integration.functions.api.test_bad_input import assert_problem

URL = "http://127.0.0.1:9/hook"


async def queued(deployment: Deployment) -> DeliveryTask:
    """The delivery that waits."""
    queue = await open_queue(deployment.sqs, deployment.settings.prefix, DELIVERIES.name)
    (received,) = await queue.receive(wait_s=5)
    await queue.delete([received.handle])
    return decode(received.body)


def a_delivery(webhook_id: str, event: Event, body: str | None = None) -> Delivery:
    return Delivery(
        id=delivery_id(event.id, webhook_id),
        tenant="acme",
        webhook_id=webhook_id,
        event_id=event.id,
        event_type=event.type,
        state=DeliveryState.RETRYING,
        created_at=iso(1),
        attempts=(Attempt(iso(2), 41, 500, None, "oops"), Attempt(iso(3), 10_000, None, "timeout")),
        next_attempt_at=iso(9),
        instance=event.instance,
        sequence=event.sequence,
        body=body,
    )


async def test_an_endpoint_is_made_changed_and_deleted(api: httpx.AsyncClient, services: Services) -> None:
    given = {"url": URL, "events": ["message.*"], "instances": ["shop-*"], "headers": {"Authorization": "Bearer x"}}
    made = await api.post("/v1/webhooks", json=given)
    assert made.status_code == 201, made.text
    shown = made.json()
    secret = shown.pop("secret")
    assert secret.startswith("whsec_")
    assert made.headers["location"] == f"/v1/webhooks/{shown['id']}"
    assert {**given, "enabled": True}.items() <= shown.items()
    path = made.headers["location"]
    assert (await api.get(path)).json() == shown
    stored = await services.webhooks.get("acme", shown["id"])
    assert stored is not None
    assert secret not in repr(stored)
    assert services.vault.open(stored.secrets[0].sealed, f"webhook:acme:{stored.id}") == secret
    changed = await api.patch(path, json={"enabled": False, "events": ["*"], "headers": {}})
    assert changed.json() == shown | {"enabled": False, "events": ["*"], "headers": {}}
    assert (await api.patch(path, json={})).json() == changed.json()
    assert (await api.get("/v1/webhooks")).json() == {"data": [changed.json()], "next_cursor": None}
    assert (await api.delete(path)).status_code == 204
    assert_problem(await api.get(path), 404, "not-found")
    assert_problem(await api.delete(path), 404, "not-found")
    assert_problem(await api.patch(path, json={"enabled": True}), 404, "not-found")


async def test_endpoints_that_cannot_be_made(api: httpx.AsyncClient) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({}, "/url"),
        ({"url": 7}, "/url"),
        ({"url": "http://192.168.1.1/x"}, "/url"),
        ({"url": URL, "events": ["message.nope"]}, "/events/0"),
        ({"url": URL, "events": []}, "/events"),
        ({"url": URL, "instances": ["a#b"]}, "/instances/0"),
        ({"url": URL, "headers": {"webhook-id": "x"}}, "/headers"),
        ({"url": URL, "headers": {"Webhook-Extra": "x"}}, "/headers"),
        ({"url": URL, "headers": {"Host": "x"}}, "/headers"),
        ({"url": URL, "headers": {"content-language": "x"}}, "/headers"),
        ({"url": URL, "headers": {"x-a": "a\r\nx-b: c"}}, "/headers"),
        ({"url": URL, "headers": {"x-a": 7}}, "/headers/x-a"),
        ({"url": URL, "secret": "whsec_mine"}, "/secret"),
    ]
    for body, pointer in wrong:
        assert_problem(await api.post("/v1/webhooks", json=body), 422, "invalid-request", pointer)
    assert (await api.get("/v1/webhooks")).json()["data"] == []


async def test_a_tenant_has_so_many_endpoints_at_most(api: httpx.AsyncClient) -> None:
    made = await asyncio.gather(*(api.post("/v1/webhooks", json={"url": URL}) for _ in range(MOST)))
    assert {answer.status_code for answer in made} == {201}
    assert_problem(await api.post("/v1/webhooks", json={"url": URL}), 409, "limit-reached")
    page = (await api.get("/v1/webhooks", params={"limit": 60})).json()
    rest = (await api.get("/v1/webhooks", params={"limit": 60, "cursor": page["next_cursor"]})).json()
    listed = [one["id"] for one in page["data"] + rest["data"]]
    assert listed == sorted(answer.json()["id"] for answer in made)


async def test_every_rotation_shows_a_secret_that_signs(api: httpx.AsyncClient, services: Services) -> None:
    made = (await api.post("/v1/webhooks", json={"url": URL})).json()
    answers = await asyncio.gather(*(api.post(f"/v1/webhooks/{made['id']}/rotate-secret") for _ in range(3)))
    assert {answer.status_code for answer in answers} == {200}
    shown = {answer.json()["secret"] for answer in answers} | {made["secret"]}
    stored = await services.webhooks.get("acme", made["id"])
    assert stored is not None
    assert {services.vault.open(one.sealed, f"webhook:acme:{stored.id}") for one in stored.secrets} == shown
    assert [one.expires_at is None for one in stored.secrets] == [True, False, False, False]
    now = services.clock.unix()
    assert all(0 < (one.expires_at or 0) - now <= 86_400 for one in stored.secrets[1:])


async def test_a_test_goes_to_one_endpoint_alone(api: httpx.AsyncClient, deployment: Deployment) -> None:
    made = (await api.post("/v1/webhooks", json={"url": URL, "events": ["call.*"]})).json()
    sent = await api.post(f"/v1/webhooks/{made['id']}/test")
    assert sent.status_code == 202
    task = await queued(deployment)
    event = json.loads(task.event)
    assert (task.tenant, task.webhook_id, task.forced) == ("acme", made["id"], False)
    assert (event["type"], event["instance"], event["sequence"]) == ("webhook.test", None, None)
    assert sent.json() == {"event_id": event["id"], "delivery_id": delivery_id(event["id"], made["id"])}


async def test_deliveries_are_listed_and_replayed(
    api: httpx.AsyncClient, services: Services, worker: FakeWorker, deployment: Deployment
) -> None:
    made = (await api.post("/v1/webhooks", json={"url": URL})).json()
    await api.post("/v1/instances", json={"id": "shop-1"})
    events = [await worker.event("acme", "shop-1", number) for number in (1, 2)]
    for event in events:
        await services.deliveries.save(a_delivery(made["id"], event), worker.clock.unix())
    path = f"/v1/webhooks/{made['id']}/deliveries"
    page = (await api.get(path, params={"limit": 1})).json()
    (newest,) = page["data"]
    assert (newest["event_id"], newest["state"], newest["next_attempt_at"]) == (events[1].id, "retrying", iso(9))
    assert newest["attempts"] == [
        {"at": iso(2), "ms": 41, "status": 500, "response": "oops"},
        {"at": iso(3), "ms": 10_000, "error": "timeout"},
    ]
    rest = (await api.get(path, params={"limit": 1, "cursor": page["next_cursor"]})).json()
    assert [one["event_id"] for one in rest["data"]] == [events[0].id]
    again = await api.post(f"/v1/deliveries/{newest['id']}/replay")
    assert (again.status_code, again.json()["id"]) == (202, newest["id"])
    task = await queued(deployment)
    assert task == DeliveryTask("acme", events[1].body(), made["id"], forced=True)


async def test_what_the_log_no_longer_holds_is_replayed_from_the_delivery_or_not_at_all(
    api: httpx.AsyncClient, services: Services, worker: FakeWorker, deployment: Deployment
) -> None:
    made = (await api.post("/v1/webhooks", json={"url": URL})).json()
    event = await worker.event("acme", "shop-1", 1)
    gone = a_delivery(made["id"], Event(event.id + "x"[:0], event.type, event.timestamp, {}, "shop-1", 99))
    await services.deliveries.save(gone, worker.clock.unix())
    assert_problem(await api.post(f"/v1/deliveries/{gone.id}/replay"), 410, "event-expired")
    kept = a_delivery(made["id"], event, body='{"kept":true}')
    await services.deliveries.save(kept, worker.clock.unix())
    assert (await api.post(f"/v1/deliveries/{kept.id}/replay")).status_code == 202
    assert (await queued(deployment)).event == '{"kept":true}'
