"""One event at one endpoint: what is recorded and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from functions.webhook_sender.deliver import deliver
from shared.clock import iso
from shared.egress import EgressResponse
from shared.models.event import Event, EventType
from shared.models.webhook import Attempt, Cause, Delivery, DeliveryState, Webhook
from shared.queues.deliveries import DeliveryTask
from shared.queues.queue import QueueError
from shared.store.database import StoreUnavailable
from tests.fakes.clock import NOW
from tests.fakes.webhooks import Fakes, a_task, a_webhook, a_work, an_event, fakes

WEBHOOK = a_webhook()


def surroundings(*statuses: int, webhook: Webhook = WEBHOOK) -> Fakes:
    made = fakes(webhook)
    made.poster.answers = {webhook.url: iter(statuses)}
    return made


async def run(made: Fakes, task: DeliveryTask | None = None, *, receives: int = 1) -> None:
    await deliver(a_work(task or a_task(), receives=receives), made.endpoints.webhooks[0], made.services)


async def test_a_success_is_one_post_and_one_write() -> None:
    made = surroundings(200)
    await run(made)
    assert made.records.of("wh_a") == Delivery(
        id="dlv_1_a",
        tenant="acme",
        webhook_id="wh_a",
        event_id="evt_1",
        event_type="message.received",
        state=DeliveryState.DELIVERED,
        created_at=iso(NOW),
        attempts=(Attempt(iso(NOW), 3, 200, response="thanks"),),
        delivered_at=iso(NOW),
        instance="shop-1",
        sequence=1,
        round=1,
    )
    assert (made.records.gets, made.records.takes, made.records.saves) == (0, 0, 1)
    assert (made.tasks.tasks, made.dead.tasks) == ([], [])
    ((_, body, _),) = made.poster.calls
    assert body == a_task().event.encode()


async def test_a_failure_schedules_an_attempt_at_this_endpoint_alone() -> None:
    made = surroundings(500)
    await run(made)
    record = made.records.of("wh_a")
    assert (record.state, record.next_attempt_at) == (DeliveryState.RETRYING, iso(NOW + 1))
    assert made.tasks.tasks == [(a_task(webhook_id="wh_a", attempt=1, not_before=NOW + 1), 1)]


async def test_a_later_attempt_is_added_to_those_before() -> None:
    made = surroundings(500, 201)
    await run(made)
    ((task, _),) = made.tasks.tasks
    await run(made, task)
    record = made.records.of("wh_a")
    assert [attempt.status for attempt in record.attempts] == [500, 201]
    assert (made.records.gets, made.records.takes, made.records.saves) == (1, 1, 2), "a later attempt is taken first"
    assert (record.state, record.next_attempt_at) == (DeliveryState.DELIVERED, None)
    assert len(made.tasks.tasks) == 1


async def test_a_long_wait_goes_to_the_queue_in_hops() -> None:
    made = surroundings(500)
    await run(made, a_task(webhook_id="wh_a", attempt=5))
    ((task, delay_s),) = made.tasks.tasks
    assert (task.not_before, delay_s) == (NOW + 1800, 900)


async def test_the_last_failure_is_dead_and_buried() -> None:
    made = surroundings(500)
    await run(made, a_task(webhook_id="wh_a", attempt=9))
    assert made.records.of("wh_a").state is DeliveryState.DEAD
    assert made.dead.tasks == [(a_task(webhook_id="wh_a", again=True), 0)]
    assert made.tasks.tasks == []


async def test_an_endpoint_disabled_on_the_way_is_not_called_and_its_delivery_waits_for_a_replay() -> None:
    made = surroundings(500)
    await run(made)
    ((task, _),) = made.tasks.tasks
    made.endpoints.webhooks[0] = replace(WEBHOOK, enabled=False)
    await run(made, task)
    record = made.records.of("wh_a")
    assert (record.state, len(record.attempts), len(made.poster.calls)) == (DeliveryState.DEAD, 1, 1)
    assert len(made.dead.tasks) == 1


async def test_a_secret_that_cannot_be_read_is_a_failed_attempt_and_nothing_is_sent() -> None:
    made = surroundings(200, webhook=replace(WEBHOOK, secrets=()))
    await run(made)
    (attempt,) = made.records.of("wh_a").attempts
    assert (attempt.status, attempt.error) == (None, "signing: the endpoint's secret cannot be read, rotate it")
    assert made.poster.calls == []
    assert len(made.tasks.tasks) == 1


async def test_a_failure_does_not_cover_up_the_success_of_a_twin() -> None:
    """Two copies of a task at once: one is answered 200, the other 500 after that."""
    made = surroundings(500)
    delivered = fakes(WEBHOOK)
    await run(delivered)
    made.records.found = dict(delivered.records.found)
    await run(made)
    assert made.records.of("wh_a").state is DeliveryState.DELIVERED
    assert made.tasks.tasks == []


@pytest.mark.parametrize("before", [DeliveryState.RETRYING, DeliveryState.DELIVERED])
async def test_a_replay_that_fails_covers_up_what_was_delivered_before_it_and_not_meanwhile(
    before: DeliveryState, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = surroundings(500 if before is DeliveryState.RETRYING else 200)
    await run(made)
    made.tasks.tasks.clear()
    delivered = replace(made.records.of("wh_a"), state=DeliveryState.DELIVERED, next_attempt_at=None)

    async def meanwhile(url: str, body: bytes, headers: Mapping[str, str]) -> EgressResponse:
        await made.records.save(delivered, NOW)
        return EgressResponse(500, 3, b"")

    monkeypatch.setattr(made.poster, "post", meanwhile)
    await run(made, a_task(webhook_id="wh_a", forced=True, asked_at=NOW + 1))
    replayed = before is DeliveryState.DELIVERED
    assert made.records.of("wh_a").state is (DeliveryState.RETRYING if replayed else DeliveryState.DELIVERED)
    assert len(made.tasks.tasks) == replayed


async def test_an_attempt_says_why_it_was_made() -> None:
    made = surroundings(500, 500, 500, 200)
    await run(made)
    ((scheduled, _),) = made.tasks.tasks
    await run(made, scheduled)
    made.tasks.tasks.clear()
    await run(made, a_task(webhook_id="wh_a", forced=True))
    ((after_replay, _),) = made.tasks.tasks
    await run(made, after_replay)
    assert [attempt.cause for attempt in made.records.of("wh_a").attempts] == [None, None, Cause.REPLAY, None]


async def test_when_it_was_delivered_is_known_whatever_becomes_of_a_replay() -> None:
    made = surroundings(500, 200, 500, 200, 500)
    await run(made)
    assert made.records.of("wh_a").delivered_at is None
    ((scheduled, _),) = made.tasks.tasks
    made.clock.now += 1
    await run(made, scheduled)
    found = [made.records.of("wh_a")]
    for _ in range(2):
        made.clock.now += 60
        await run(made, a_task(webhook_id="wh_a", forced=True))
        found.append(made.records.of("wh_a"))
    assert [one.state.value for one in found] == ["delivered", "retrying", "delivered"]
    assert {one.delivered_at for one in found} == {iso(NOW + 1)}
    cut = replace(found[0], attempts=found[1].attempts[-1:])
    made.records.found["wh_a", cut.id] = cut
    await run(made, a_task(webhook_id="wh_a", forced=True))
    assert made.records.of("wh_a").delivered_at == iso(NOW + 1), "also where that attempt is kept no longer"


async def test_only_events_that_no_log_holds_keep_their_body() -> None:
    made = surroundings(200)
    event = Event("evt_t", EventType.WEBHOOK_TEST, iso(NOW), {})
    await run(made, a_task(event, webhook_id="wh_a"))
    assert made.records.of("wh_a").body == event.body()
    other = surroundings(200)
    await run(other, a_task(an_event()))
    assert other.records.of("wh_a").body is None


async def test_endless_replays_do_not_outgrow_the_record() -> None:
    made = fakes(WEBHOOK)
    for _ in range(35):
        await run(made, a_task(webhook_id="wh_a", forced=True))
    assert len(made.records.of("wh_a").attempts) == 30


@pytest.mark.parametrize(
    ("step", "fault"),
    [("before get", StoreUnavailable), ("before save", StoreUnavailable), ("before schedule", QueueError)],
)
async def test_our_own_faults_are_raised(step: str, fault: type[Exception]) -> None:
    def trap(at: str) -> None:
        if at == step:
            raise fault(step)

    made = fakes(WEBHOOK, trap=trap)
    made.poster.answers = {WEBHOOK.url: iter([500])}
    with pytest.raises(fault):
        await run(made, receives=2)
