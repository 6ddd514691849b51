"""The entry point as Lambda calls it: synchronous, one event after the other, in one process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from functions.webhook_sender.handler import handler, runtime
from local.webhooks.shape import record
from shared.clock import SystemClock, iso
from shared.models.catch_up import CatchUp
from shared.models.endpoint_health import EndpointHealth, HealthState, woken
from shared.models.instance import InstanceKey
from shared.models.made_for import endpoint_id
from shared.models.replay import Replay, ReplayState
from shared.models.webhook import DeliveryState, Ordering
from shared.queues.jobs import JobQueue
from shared.store.events import event_put
from shared.store.replays import Replays
from shared.store.webhook_journal import WebhookJournal
from shared.store.webhooks import FEW, Webhooks
from tests.conftest import Deployment
from tests.integration.functions.granted import Watch, grants_in
from tests.integration.functions.webhook_sender.conftest import Sending, an_event


class Context:
    """What Lambda tells about the call."""

    def __init__(self, left_ms: int = 60_000) -> None:
        self._left_ms = left_ms

    def get_remaining_time_in_millis(self) -> int:
        return self._left_ms


@pytest.fixture
def lambda_env(sending: Sending, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of the function; its process-wide clients are given back at the end.

    What it asks of the store must be granted to the deployed function."""
    monkeypatch.setenv("HIVEWP_AWS_ENDPOINT", sending.settings.aws.endpoint_url or "")
    monkeypatch.setenv("HIVEWP_PREFIX", sending.settings.aws.prefix)
    monkeypatch.setenv("HIVEWP_SEALING_KEY", sending.settings.sealing_key)
    monkeypatch.setenv("HIVEWP_ALLOW_LOCAL_WEBHOOKS", "1")
    monkeypatch.setenv("HIVEWP_METRICS", "emf")
    monkeypatch.setenv("HIVEWP_WEBHOOK_CONCURRENCY", "auto")
    runtime.cache_clear()
    endpoints = runtime()._services.endpoints
    assert isinstance(endpoints, Webhooks)
    watch = Watch(endpoints._db._client, sending.settings.aws.prefix, grants_in("infra/webhooks.py"), always=True)
    yield
    assert watch.missing == set()
    runtime().close()
    runtime.cache_clear()


@pytest.mark.usefixtures("lambda_env")
async def test_batches_are_delivered_and_failures_named(sending: Sending, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(2 * FEW):
        own = replace(
            sending.webhook, id=endpoint_id(InstanceKey("acme", f"other-{number}")), made_for=f"other-{number}"
        )
        await sending.endpoints.save(replace(own, instances=(f"other-{number}",)))
    await sending.add_endpoint("acme", endpoint_id(InstanceKey("acme", "shop-1")), sending.receiver.url)
    events = [an_event(number) for number in range(3)]
    for event in events:
        await sending.put([event])
        batch = {"Records": [record(message) for message in await sending.queue.receive(wait_s=2)]}
        batch["Records"].append({"messageId": "broken", "body": "{}", "attributes": {}})
        answer = await asyncio.to_thread(handler, batch, Context())
        assert answer == {"batchItemFailures": [{"itemIdentifier": "broken"}]}
    assert len(sending.receiver.got) == 6  # the instance's own endpoint hears of it too
    records = [await sending.delivery(event) for event in events]
    assert [one.state for one in records if one] == [DeliveryState.DELIVERED] * 3
    figures = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["MessagesReceived"], one["WebhooksDelivered"]) for one in figures] == [(1, 2)] * 3  # a line each


@pytest.mark.usefixtures("lambda_env")
async def test_without_time_left_nothing_is_begun(sending: Sending) -> None:
    await sending.put([an_event()])
    batch = {"Records": [record(message) for message in await sending.queue.receive(wait_s=2)]}
    answer = await asyncio.to_thread(handler, batch, Context(left_ms=3_000))
    assert answer == {"batchItemFailures": [{"itemIdentifier": batch["Records"][0]["messageId"]}]}
    assert sending.receiver.got == []


@pytest.mark.usefixtures("lambda_env")
async def test_its_settings_are_those_that_attempts_are_made_by(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One place for four instances, of which there are none yet, and a second to answer in."""
    monkeypatch.setenv("HIVEWP_WEBHOOK_TIMEOUT_S", "1")
    await asyncio.to_thread(runtime().close)
    runtime.cache_clear()
    sending.receiver.hold.clear()
    event = an_event()
    await sending.put([event])
    await work(sending, 1)
    sending.receiver.hold.set()
    made = await sending.delivery(event)
    assert made is not None
    assert [attempt.error for attempt in made.attempts] == ["timeout: no answer within 1 s"]
    assert runtime()._services.slots.bound == 3


@pytest.mark.usefixtures("lambda_env")
async def test_a_time_is_replayed(sending: Sending, deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.webhook_sender.replay.PAGE", 2)
    for module in ("replay", "paging"):
        monkeypatch.setattr(f"functions.webhook_sender.{module}.PAUSE_S", 0)
    key, clock = InstanceKey("acme", "shop-1"), SystemClock()
    events = [an_event(number) for number in range(1, 6)]
    for event in events:
        await deployment.database.write(event_put(key, event, clock.unix()))
    await sending.put(events)
    await work(sending, 5)
    sending.receiver.statuses = [500]
    asked = Replay(
        id="rpl_1",
        tenant="acme",
        webhook_id="wh_a",
        since=events[1].timestamp,
        until=iso(clock.unix()),
        asked_at=iso(clock.unix()),
    )
    await JobQueue(sending.queue).put(asked)
    replayed = [event for event in events if event.timestamp >= events[1].timestamp]
    replays, done = Replays(deployment.database), None
    while done is None or done.state is not ReplayState.DONE:  # its last word may follow the last delivery
        await work(sending, 1)
        done = await replays.get("acme", "wh_a", "rpl_1")
    while len(sending.receiver.got) < len(events) + len(replayed) + 1:  # one of them twice
        await work(sending, 1)
    heard = [headers["webhook-id"] for _, _, headers in sending.receiver.got[len(events) :]]
    assert set(heard) == {event.id for event in replayed}
    assert (done.state, done.replayed, done.expired) == (ReplayState.DONE, len(replayed), 0)
    found = [one for event in replayed if (one := await sending.delivery(event))]
    assert {one.state for one in found} == {DeliveryState.DELIVERED}
    attempts = sorted([attempt.status for attempt in one.attempts] for one in found)
    assert attempts == [[200, 200]] * (len(replayed) - 1) + [[200, 500, 200]]
    (told,), _ = await WebhookJournal(deployment.database).page("acme", "wh_a", 20)
    assert told.code == "replay_finished"


@pytest.mark.usefixtures("lambda_env")
async def test_an_endpoint_that_is_gone_is_disabled_and_the_other_one_hears_of_it(
    sending: Sending, deployment: Deployment
) -> None:
    """With no more than the deployed function may do."""
    sending.receiver.statuses = [410]
    await sending.put([an_event()])
    await work(sending, 1)
    await sending.add_endpoint("acme", "wh_other", sending.receiver.url)
    await work(sending, 1)
    gone = await sending.endpoints.get("acme", "wh_a")
    assert gone is not None
    assert (gone.health.state(0), gone.health.untold) == (HealthState.DISABLED, None)
    (entry,), _ = await WebhookJournal(deployment.database).page("acme", "wh_a", 20)
    assert (entry.code, entry.detail) == ("disabled", "gone: status 410")
    (_, _, _), (_, body, _) = sending.receiver.got
    assert (json.loads(body)["type"], json.loads(body)["data"]["webhook_id"]) == ("webhook.disabled", "wh_a")


async def work(sending: Sending, least: int) -> None:
    """Has the function work on what waits: on so many messages at least."""
    done = 0
    while done < least:
        received = await sending.queue.receive(wait_s=2)
        answer = await asyncio.to_thread(handler, {"Records": [record(message) for message in received]}, Context())
        assert answer == {"batchItemFailures": []}
        await sending.queue.delete([message.handle for message in received])
        done += len(received)


@pytest.mark.usefixtures("lambda_env")
async def test_events_in_order_though_tasks_come_in_another_and_one_fails(
    sending: Sending, deployment: Deployment
) -> None:
    key, clock = InstanceKey("acme", "shop-1"), SystemClock()
    assert await sending.endpoints.change(sending.webhook, ordering=Ordering.INSTANCE)
    events = [an_event(number) for number in range(1, 6)]
    for event in events:
        await deployment.database.write(event_put(key, event, clock.unix()))
    sending.receiver.statuses = [200, 500, 200]
    await sending.put(events[2::-1])
    await work(sending, 3)
    await sending.put(events[3:])
    async with asyncio.timeout(30):
        while len(sending.receiver.got) < len(events) + 1:
            await work(sending, 1)
    heard = [json.loads(body)["sequence"] for _, body, _ in sending.receiver.got]
    assert heard == [1, 2, 2, 3, 4, 5]
    found = [one for event in events if (one := await sending.delivery(event))]
    assert [one.state for one in found] == [DeliveryState.DELIVERED] * 5


@pytest.mark.usefixtures("lambda_env")
async def test_what_happened_while_it_was_disabled_comes_in_order_by_one_message(
    sending: Sending, deployment: Deployment
) -> None:
    key, clock = InstanceKey("acme", "shop-1"), SystemClock()
    events = [an_event(number) for number in range(1, 5)]
    assert await sending.endpoints.change(sending.webhook, ordering=Ordering.INSTANCE)
    for event in events:
        await deployment.database.write(event_put(key, event, clock.unix()))
        await sending.put([event])
        await work(sending, 1)
        assert await sending.endpoints.change(sending.webhook, enabled=False)
    now = round(clock.unix(), 3)
    assert await sending.endpoints.change(sending.webhook, enabled=True, **woken(sending.webhook.health, now))
    job = CatchUp(tenant="acme", webhook_id="wh_a", at=now, until=now)
    for twin in (replace(job, at=now - 1), job, job):
        await JobQueue(sending.queue).put(twin)
    await work(sending, 4)
    assert [json.loads(body)["sequence"] for _, body, _ in sending.receiver.got] == [1, 2, 3, 4]
    left = await sending.endpoints.get("acme", "wh_a")
    assert left is not None
    assert left.health == EndpointHealth(catch_up_at=now)
