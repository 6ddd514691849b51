"""Endpoints and deliveries over HTTP."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import httpx

from functions.api.services import Services
from functions.api.webhooks.endpoint_limits import MOST, MOST_OF_ONE
from shared.clock import iso
from shared.endpoint_headers import own_headers
from shared.endpoint_secrets import opened_secret
from shared.ids import first_id_at, new_id
from shared.models.dead_reason import DeadReason
from shared.models.endpoint_health import DisabledReason
from shared.models.event import Event, EventType
from shared.models.webhook import Attempt, Delivery, DeliveryState, SealedSecret, Webhook, delivery_id
from shared.queues.deliveries import DeliveryTask, decode
from shared.queues.names import DELIVERIES, open_queue
from shared.store.deliveries import DeliveryFilter
from shared.store.webhook_journal import EndpointChange
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
    assert "Bearer" not in repr(stored)
    assert shown["health"] == {"state": "healthy"}
    assert opened_secret(services.vault, stored, stored.secrets[0]) == secret
    changed = await api.patch(path, json={"enabled": False, "events": ["*"], "headers": {}})
    assert changed.json() == shown | {"enabled": False, "events": ["*"], "headers": {}}
    headers = {"x-shop": "7"}
    assert (await api.patch(path, json={"headers": headers})).json() == changed.json() | {"headers": headers}
    assert (await api.patch(path, json={"headers": {}})).json() == changed.json()
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
        ({"url": URL, "instances": ["*", "*a*b*"]}, "/instances/1"),
        ({"url": URL, "events": ["*e*.*"]}, "/events/0"),
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


async def test_headers_of_a_row_from_before_they_were_sealed(api: httpx.AsyncClient, services: Services) -> None:
    older = Webhook(
        tenant="acme", id=new_id("wh"), url=URL, created_at=iso(0), headers={"x-a": "1"}, secrets=(SealedSecret("x"),)
    )
    await services.webhooks.save(older)
    path = f"/v1/webhooks/{older.id}"
    assert (await api.get(path)).json()["headers"] == {"x-a": "1"}
    await services.webhooks.seal_headers(replace(older, headers={"x-a": "changed since"}), {"x-a": "sealed"})
    assert (await api.patch(path, json={"events": ["call.*"]})).json()["headers"] == {"x-a": "1"}
    stored = await services.webhooks.get("acme", older.id)
    assert stored is not None
    assert (stored.headers, list(stored.sealed_headers)) == ({}, ["x-a"])
    assert own_headers(stored, services.vault) == {"x-a": "1"}


async def test_a_tenant_has_so_many_endpoints_at_most(api: httpx.AsyncClient, services: Services) -> None:
    made = [
        Webhook(tenant="acme", id=new_id("wh"), url=URL, created_at=iso(0), instances=(f"shop-{at}",))
        for at in range(MOST - 1)
    ]
    await asyncio.gather(*(services.webhooks.save(one) for one in made))
    last = await api.post("/v1/webhooks", json={"url": URL, "instances": ["shop-100"]})
    assert last.status_code == 201
    assert_problem(await api.post("/v1/webhooks", json={"url": URL}), 409, "limit-reached")
    page = (await api.get("/v1/webhooks", params={"limit": 60})).json()
    rest = (await api.get("/v1/webhooks", params={"limit": 60, "cursor": page["next_cursor"]})).json()
    listed = [one["id"] for one in page["data"] + rest["data"]]
    assert listed == sorted([*(one.id for one in made), last.json()["id"]])


async def test_so_many_endpoints_hear_the_same_instance_at_most(api: httpx.AsyncClient) -> None:
    spellings = ["shop-1", "*", "shop-*", "s*", "*1", "shop-1*", "*shop-1", "sh*1", "*-1"]
    crowd = [{"url": URL, "instances": [spelling, "shop-2"]} for spelling in spellings]
    for body in crowd:
        assert (await api.post("/v1/webhooks", json=body)).status_code == 201
    other = (await api.post("/v1/webhooks", json={"url": URL, "instances": ["office"]})).json()["id"]
    at_once = await asyncio.gather(*(api.post("/v1/webhooks", json={"url": URL}) for _ in range(6)))
    assert sorted(answer.status_code for answer in at_once) == [201, *[409] * 5]
    assert len((await api.get("/v1/webhooks")).json()["data"]) == MOST_OF_ONE + 1
    refused = await api.post("/v1/webhooks", json={"url": URL, "instances": ["shop-3", "sho*1"]})
    assert_problem(refused, 409, "limit-reached")
    assert "'sho*1'" in refused.json()["detail"]
    assert_problem(await api.patch(f"/v1/webhooks/{other}", json={"instances": ["shop-1"]}), 409, "limit-reached")
    (last,) = (answer.json()["id"] for answer in at_once if answer.status_code == 201)
    assert (await api.patch(f"/v1/webhooks/{last}", json={"instances": ["elsewhere"]})).status_code == 200
    before = {one: (await api.get(f"/v1/webhooks/{one}")).json() for one in (other, last)}
    wanted = {"instances": ["shop-1"], "events": ["call.*"], "url": f"{URL}/new", "enabled": False}
    moved = await asyncio.gather(*(api.patch(f"/v1/webhooks/{one}", json=wanted) for one in before))
    assert [answer.status_code for answer in moved].count(200) <= 1
    for (name, was), answer in zip(before.items(), moved, strict=True):
        now = (await api.get(f"/v1/webhooks/{name}")).json()
        assert now == (was | wanted if answer.status_code == 200 else was), "all of it or nothing"


async def test_an_endpoint_tells_how_it_does_and_is_revived(api: httpx.AsyncClient, services: Services) -> None:
    made = (await api.post("/v1/webhooks", json={"url": URL})).json()
    path, now = f"/v1/webhooks/{made['id']}", services.clock.unix()
    failing = {"failing_since": now - 60, "slow_until": now + 60, "last_error": "status 500"}
    noted = (EndpointChange.FAILING, "status 500")
    assert await services.webhook_health.change("acme", made["id"], failing, {}, journal=noted, at=now - 60)
    shown = (await api.get(path)).json()
    assert shown["health"] == {
        "state": "failing",
        "failing_since": iso(now - 60),
        "slow_until": iso(now + 60),
        "last_error": "status 500",
    }
    gone = {"disabled_at": now, "disabled_reason": DisabledReason.GONE}
    await services.webhook_health.change("acme", made["id"], gone, {}, journal=(EndpointChange.DISABLED, None), at=now)
    (shown,) = (await api.get("/v1/webhooks")).json()["data"]
    assert (shown["enabled"], shown["health"]["state"]) == (False, "disabled")
    assert shown["health"]["reason"].keys() == {"code", "detail", "action"}
    assert (await api.patch(path, json={"events": ["*"]})).json()["enabled"] is False
    revived = (await api.patch(path, json={"enabled": True})).json()
    assert (revived["enabled"], revived["health"]) == (True, {"state": "healthy"})
    first = (await api.get(f"{path}/journal", params={"limit": 2})).json()
    rest = (await api.get(f"{path}/journal", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [one["code"] for one in first["data"] + rest["data"]] == ["enabled", "disabled", "failing"]
    assert rest["data"] == [{"at": iso(now - 60), "code": "failing", "detail": "status 500"}]


async def test_the_journal_tells_what_its_owner_did(api: httpx.AsyncClient) -> None:
    made = (await api.post("/v1/webhooks", json={"url": URL, "headers": {"x-key": "1"}})).json()
    path = f"/v1/webhooks/{made['id']}"
    same = {name: made[name] for name in ("url", "events", "instances", "headers", "ordering", "enabled")}
    for change in (same, {"enabled": False, "events": ["call.*"]}, {"enabled": True}, {"headers": {"x-key": "2"}}):
        assert (await api.patch(path, json=change)).status_code == 200
    assert (await api.post(f"{path}/rotate-secret")).status_code == 200
    entries = (await api.get(f"{path}/journal")).json()["data"]
    assert [(one["code"], one.get("detail")) for one in reversed(entries)] == [
        ("disabled", "by you; changed: events"),
        ("enabled", "by you"),
        ("changed", "headers"),
        ("rotated", None),
    ]


async def test_enabling_ends_a_pause(api: httpx.AsyncClient, services: Services) -> None:
    made = (await api.post("/v1/webhooks", json={"url": URL})).json()
    path, now = f"/v1/webhooks/{made['id']}", services.clock.unix()
    assert await services.webhook_health.change("acme", made["id"], {"paused_until": now + 600}, {})
    assert (await api.patch(path, json={"events": ["*"]})).json()["health"]["state"] == "paused"
    assert (await api.patch(path, json={"enabled": True})).json()["health"] == {"state": "healthy"}
    (entry,) = (await api.get(f"{path}/journal")).json()["data"]
    assert (entry["code"], entry["detail"]) == ("enabled", "by you: the pause is over")


async def test_another_url_has_nothing_of_the_old_ones_health(api: httpx.AsyncClient, services: Services) -> None:
    made = (await api.post("/v1/webhooks", json={"url": URL})).json()
    path, now = f"/v1/webhooks/{made['id']}", services.clock.unix()
    for sets in ({"failing_since": now - 60}, {"disabled_at": now, "disabled_reason": DisabledReason.GONE}):
        assert await services.webhook_health.change("acme", made["id"], sets, {})
        same = (await api.patch(path, json={"url": made["url"], "events": ["*"]})).json()
        assert same["health"]["state"] != "healthy", "the same URL is no news"
        made["url"] += "/new"
        moved = (await api.patch(path, json={"url": made["url"]})).json()
        assert (moved["url"], moved["enabled"], moved["health"]) == (made["url"], True, {"state": "healthy"})
    entries = (await api.get(f"{path}/journal")).json()["data"]
    assert [(one["code"], one["detail"]) for one in entries] == [("enabled", "it has another URL"), ("changed", "url")]


async def test_every_rotation_shows_a_secret_that_signs(api: httpx.AsyncClient, services: Services) -> None:
    made = (await api.post("/v1/webhooks", json={"url": URL})).json()
    began = services.clock.unix()
    answers = await asyncio.gather(*(api.post(f"/v1/webhooks/{made['id']}/rotate-secret") for _ in range(3)))
    assert {answer.status_code for answer in answers} == {200}
    shown = {answer.json()["secret"] for answer in answers} | {made["secret"]}
    stored = await services.webhooks.get("acme", made["id"])
    assert stored is not None
    assert {opened_secret(services.vault, stored, one) for one in stored.secrets} == shown
    assert [one.expires_at is None for one in stored.secrets] == [True, False, False, False]
    ended = services.clock.unix()
    assert all(began - 1 < (one.expires_at or 0) - 86_400 < ended + 1 for one in stored.secrets[1:])


async def test_no_rotation_takes_the_day_of_another_secret(api: httpx.AsyncClient, services: Services) -> None:
    made = (await api.post("/v1/webhooks", json={"url": URL})).json()
    stored = await services.webhooks.get("acme", made["id"])
    assert stored is not None
    ends = services.clock.unix() + 60
    old = tuple(SealedSecret(f"old {number}", ends + number) for number in range(9))
    assert await services.webhooks.change(stored, secrets=(*stored.secrets, *old))
    refused = await api.post(f"/v1/webhooks/{made['id']}/rotate-secret")
    assert_problem(refused, 409, "limit-reached")
    assert iso(ends) in refused.json()["detail"]
    kept = await services.webhooks.get("acme", made["id"])
    assert kept is not None
    assert kept.secrets == (*stored.secrets, *old)


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


async def test_deliveries_are_found_by_state_type_and_time(api: httpx.AsyncClient, services: Services) -> None:
    made = (await api.post("/v1/webhooks", json={"url": URL})).json()
    began, sent = 1_800_000_000.0, []
    for number in range(12):
        kind = EventType.MESSAGE_RECEIVED if number % 2 else EventType.CALL_OFFERED
        at = began + number * 60
        event = Event(f"{first_id_at('evt', at)[:-1]}1", kind, iso(at), {}, "shop-1", number + 1)
        state = DeliveryState.DEAD if number % 3 == 0 else DeliveryState.DELIVERED
        reason = DeadReason.DISABLED if state is DeliveryState.DEAD else None
        sent.append(replace(a_delivery(made["id"], event), state=state, reason=reason))
        await services.deliveries.save(sent[-1], at)

    async def numbers(**params: Any) -> list[int]:
        answer = await api.get(f"/v1/webhooks/{made['id']}/deliveries", params=params)
        assert answer.status_code == 200, answer.text
        return [one["sequence"] - 1 for one in answer.json()["data"]]

    assert await numbers(state="dead") == [9, 6, 3, 0]
    assert await numbers(state="dead,retrying", event_type="call.*") == [6, 0]
    assert await numbers(event_type="message.*", limit=2) == [11, 9]
    assert await numbers(since=iso(began + 120), until=iso(began + 240)) == [4, 3, 2]
    assert await numbers(since=iso(began + 121), until=iso(began + 239)) == [3]
    assert await numbers(since=iso(began + 121), state="dead", limit=1) == [9]
    page = (await api.get(f"/v1/webhooks/{made['id']}/deliveries", params={"limit": 2, "state": "dead"})).json()
    assert await numbers(state="dead", cursor=page["next_cursor"]) == [3, 0]
    assert await numbers(until=iso(began + 120), cursor=page["next_cursor"]) == [2, 1, 0], "a cursor beyond the time"
    assert await numbers(since=iso(began + 500), cursor=page["next_cursor"]) == []
    for name, value in (("state", "lost"), ("event_type", "a.*"), ("since", "now"), ("until", "2026-01-01")):
        answer = await api.get(f"/v1/webhooks/{made['id']}/deliveries", params={name: value})
        assert_problem(answer, 422, "invalid-request", f"?{name}")
    backwards = DeliveryFilter(since=began + 1, until=began)
    assert await services.deliveries.page("acme", made["id"], 10, sought=backwards) == ([], None)
    one = await api.get(f"/v1/deliveries/{sent[3].id}")
    assert (one.json()["id"], one.json()["state"], len(one.json()["attempts"])) == (sent[3].id, "dead", 2)
    assert one.json()["reason"]["code"] == "disabled"
    assert one.json()["reason"].keys() == {"code", "detail", "action"}
    assert "reason" not in (await api.get(f"/v1/deliveries/{sent[1].id}")).json()
    assert_problem(await api.get(f"/v1/deliveries/{delivery_id(new_id('evt'), made['id'])}"), 404, "not-found")
