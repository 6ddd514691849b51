"""What docs/webhooks.md promises of order, moment by moment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from functions.webhook_sender.batch import process_batch
from functions.webhook_sender.catch_up.worker import MOST_EARLY
from functions.webhook_sender.health_cache import HealthCache
from functions.webhook_sender.lane import Lane
from functions.webhook_sender.ordered.enter import LEASE_S, RUN_S
from functions.webhook_sender.ordered.holds import Holds
from functions.webhook_sender.ordered.turn import CHANGE_S
from shared.clock import iso
from shared.egress import EgressResponse
from shared.models.chain import Chain
from shared.models.endpoint_health import EndpointHealth
from shared.models.event import Event, EventType
from shared.models.webhook import DeliveryState, Ordering
from shared.queues.deliveries import DeliveryTask
from shared.store.events import Logged
from tests.fakes.clock import NOW
from tests.fakes.webhooks import Fakes, FakeTasks, a_record, a_task, a_webhook, an_event, fakes

ORDERED = a_webhook(ordering=Ordering.INSTANCE)
PICKY = replace(ORDERED, events=("message.received",))
KEY = ("acme", "wh_a", "shop-1")
FAR = 40_000.0


def heard(sender: Fakes) -> list[int]:
    return [json.loads(body)["sequence"] for _, body, _ in sender.poster.calls]


def chain_of(sender: Fakes) -> Chain:
    return sender.chains.found[KEY]


def change(sender: Fakes, **fields: Any) -> None:
    sender.endpoints.webhooks[0] = replace(sender.endpoints.webhooks[0], **fields)


def answering(sender: Fakes, *statuses: int) -> Fakes:
    sender.poster.answers = {ORDERED.url: iter([*statuses, *[200] * 50])}
    return sender


async def work(sender: Fakes, task: DeliveryTask, **message: Any) -> None:
    """Another process works on a message."""
    record = a_record(task, sent_at=sender.clock.now, **message)
    services = replace(sender.services, holds=Holds(), health_cache=HealthCache(sender.health, sender.clock))
    assert await process_batch([record], services) == {"batchItemFailures": []}


async def happen(sender: Fakes, *events: Event) -> None:
    for event in events:
        sender.log.add(event)
        await work(sender, a_task(event))


def freeing(sender: Fakes) -> DeliveryTask:
    """The task that has a chain go on though it waits."""
    chain = chain_of(sender)
    body = sender.log.bodies[chain.instance, chain.cursor + 1]
    return DeliveryTask("acme", body, "wh_a", chained=True, instead_of=chain.waits_until)


async def drain(sender: Fakes, within_s: float = 60.0) -> None:
    """All that is on the queues and due within that time, when it is due."""
    end = sender.clock.now + within_s
    while soonest := min(_waiting(sender), key=lambda one: one[0], default=None):
        due, queue, place = soonest
        if due > end:
            return
        task, _ = queue.tasks.pop(place)
        passed_s = max(due - sender.clock.now, 0)
        for other in (sender.tasks, sender.slow):
            other.tasks[:] = [(one, max(0, round(left_s - passed_s))) for one, left_s in other.tasks]
        sender.clock.now += passed_s
        await work(sender, task, lane=Lane.SLOW if queue is sender.slow else Lane.FAST)


def _waiting(sender: Fakes) -> Sequence[tuple[float, FakeTasks, int]]:
    return [
        (max(sender.clock.now + delay_s, task.not_before), queue, place)
        for queue in (sender.tasks, sender.slow)
        for place, (task, delay_s) in enumerate(queue.tasks)
    ]


async def blocked(*statuses: int) -> Fakes:
    """The first of three events holds back the others, for hours."""
    sender = answering(fakes(ORDERED, schedule=(1.0, FAR, FAR)), 500, 500, *statuses)
    sender.log.add(*(an_event(number) for number in (1, 2, 3)))
    await work(sender, a_task(an_event(1)))
    await drain(sender)
    for number in (2, 3):
        await work(sender, a_task(an_event(number)))
    assert heard(sender) == [1, 1]
    assert chain_of(sender).waits_until > sender.clock.now + FAR / 2
    return sender


async def test_what_happened_while_disabled_is_sent_once_enabled_without_another_event() -> None:
    sender = fakes(ORDERED)
    await happen(sender, an_event(1))
    change(sender, enabled=False)
    await happen(sender, *(an_event(number) for number in range(2, 7)))
    change(sender, enabled=True)
    await work(sender, freeing(sender))
    assert heard(sender) == [1, 2, 3, 4, 5, 6]


async def test_a_walk_over_what_nobody_asked_for_ends_in_time_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    sender = fakes(replace(ORDERED, events=("instance.state",)))
    await happen(sender, an_event(1, EventType.INSTANCE_STATE))
    sender.log.add(*(an_event(number) for number in range(2, 400)), an_event(400, EventType.INSTANCE_STATE))
    run_after = sender.log.run_after

    async def slow(instance: str, sequence: int, limit: int) -> tuple[list[Logged], bool]:
        sender.clock.now += 1.0
        return await run_after(instance, sequence, limit)

    monkeypatch.setattr(sender.log, "run_after", slow)
    await work(sender, a_task(an_event(400, EventType.INSTANCE_STATE)))
    assert sender.clock.now - NOW <= RUN_S + 1
    assert 1 < chain_of(sender).cursor < 400
    await drain(sender)
    assert heard(sender) == [1, 400]


async def test_a_replay_of_the_one_that_holds_back_lets_the_rest_go_on() -> None:
    sender = await blocked()
    await work(sender, a_task(an_event(1), webhook_id="wh_a", forced=True))
    await drain(sender)
    assert heard(sender) == [1, 1, 1, 2, 3]


async def test_a_replay_that_fails_has_its_own_schedule_kept() -> None:
    sender = await blocked(500)
    await work(sender, a_task(an_event(1), webhook_id="wh_a", forced=True))
    await drain(sender)
    assert heard(sender) == [1, 1, 1, 1, 2, 3]


@pytest.mark.parametrize("cursor", [0, 1], ids=["is still there", "has passed it"])
async def test_what_follows_from_a_replay_is_made_though_who_holds_the_chain_may_have_passed_it(cursor: int) -> None:
    sender = answering(fakes(ORDERED), 200, 500)
    await happen(sender, an_event(1))
    held = replace(chain_of(sender), cursor=0, holder="other", lease_until=sender.clock.now + LEASE_S)
    sender.chains.found[KEY] = held  # which is at the second event by now
    await work(sender, a_task(an_event(1), webhook_id="wh_a", forced=True))
    ((retry, _),) = sender.tasks.tasks
    sender.tasks.tasks.clear()
    sender.clock.now = retry.not_before
    await work(sender, retry)
    ((again, delay_s),) = sender.tasks.tasks
    assert (again, delay_s) == (retry, LEASE_S)
    await sender.chains.release(held.left(cursor, behind=False), sender.clock.now, unheard=True)
    await drain(sender, 2 * LEASE_S)
    assert heard(sender) == [1, 1, 1]
    assert sender.records.of("wh_a").state is DeliveryState.DELIVERED


async def test_a_replay_of_what_holds_nothing_back_costs_no_task() -> None:
    sender = fakes(ORDERED)
    await happen(sender, an_event(1))
    await work(sender, a_task(an_event(1), webhook_id="wh_a", forced=True))
    assert (heard(sender), sender.tasks.tasks) == ([1, 1], [])


async def test_a_chain_that_waits_is_freed_and_a_twin_of_that_task_is_harmless() -> None:
    sender = await blocked()
    change(sender, health=EndpointHealth())
    task, scheduled = freeing(sender), len(sender.tasks.tasks)
    await work(sender, task)
    await work(sender, task)
    assert heard(sender) == [1, 1, 1, 2, 3]
    assert len(sender.tasks.tasks) == scheduled
    await drain(sender, 2 * FAR)
    assert heard(sender) == [1, 1, 1, 2, 3]


async def test_what_frees_a_chain_comes_again_where_that_is_held() -> None:
    sender = await blocked()
    change(sender, health=EndpointHealth())
    task, waiting = freeing(sender), chain_of(sender)
    held = replace(waiting, holder="another", lease_until=sender.clock.now + LEASE_S, waits_until=0.0)
    sender.chains.found[KEY] = held
    await work(sender, task)
    sender.chains.found[KEY] = waiting
    await drain(sender, LEASE_S + 5)
    assert heard(sender) == [1, 1, 1, 2, 3]


async def test_what_frees_a_chain_waits_while_its_endpoint_fails_and_schedules_nothing_twice() -> None:
    sender = await blocked()
    before = chain_of(sender), len(sender.tasks.tasks)
    change(sender, health=EndpointHealth(failing_since=sender.clock.now))
    await work(sender, freeing(sender))
    assert (chain_of(sender), len(sender.tasks.tasks)) == before
    assert heard(sender) == [1, 1]


async def test_one_that_only_fails_itself_is_brought_forward_a_few_times() -> None:
    sender = await blocked(*[500] * 20)
    for _ in range(MOST_EARLY + 2):
        change(sender, health=EndpointHealth())
        await work(sender, freeing(sender))
    assert heard(sender) == [1] * (2 + MOST_EARLY)


async def test_order_given_up_by_a_disabled_endpoint_loses_nothing() -> None:
    sender = await blocked()
    change(sender, health=EndpointHealth(disabled_at=sender.clock.now))
    change(sender, ordering=Ordering.NONE, matched_since=sender.clock.now)
    await work(sender, freeing(sender))
    assert chain_of(sender).cursor == 0
    change(sender, health=EndpointHealth())
    await work(sender, freeing(sender))
    await drain(sender, 2 * FAR)
    assert sorted(heard(sender)) == [1, 1, 1, 2, 3]


@pytest.mark.parametrize("left", [Ordering.NONE, Ordering.INSTANCE])
async def test_no_event_is_sent_that_was_not_asked_for(left: Ordering) -> None:
    sender = fakes(PICKY)
    await happen(sender, an_event(1))
    sender.log.add(an_event(2, EventType.MESSAGE_SENT), an_event(3))
    idle = chain_of(sender)
    sender.chains.found[KEY] = replace(idle, holder="another", lease_until=sender.clock.now + LEASE_S)
    change(sender, ordering=left, matched_since=sender.clock.now)
    await work(sender, freeing(sender))
    sender.chains.found[KEY] = replace(idle, cursor=3)  # the other has settled all
    await drain(sender, LEASE_S + 5)
    assert heard(sender) == [1]
    assert sender.tasks.tasks == []


async def test_who_gives_up_order_after_a_death_hears_of_what_was_recorded_when_it_is_due() -> None:
    sender = answering(fakes(ORDERED, schedule=(FAR,)), 500)
    await happen(sender, an_event(1))
    ((task, _),) = sender.tasks.tasks
    sender.tasks.tasks.clear()  # the holder has died before it put that there, or let go
    held = replace(chain_of(sender), cursor=0, holder="dead", lease_until=sender.clock.now, waits_until=0.0)
    sender.chains.found[KEY] = held
    sender.log.add(an_event(2))
    change(sender, ordering=Ordering.NONE, matched_since=sender.clock.now)
    await work(sender, freeing(sender))
    assert [one.not_before for one, _ in sender.tasks.tasks] == [task.not_before, 0.0]
    await drain(sender, 2 * FAR)
    assert heard(sender) == [1, 2, 1]


async def test_a_holder_that_has_not_heard_of_a_change_passes_over_nothing() -> None:
    sender = fakes(PICKY)
    await happen(sender, an_event(1))
    idle = chain_of(sender)
    sender.chains.found[KEY] = replace(idle, holder="another", lease_until=sender.clock.now + LEASE_S)
    change(sender, events=("*",), matched_since=sender.clock.now)
    await happen(sender, an_event(2, EventType.MESSAGE_SENT))
    sender.chains.found[KEY] = replace(idle, cursor=2)  # it did not want the second
    await drain(sender, LEASE_S + 5)
    assert heard(sender) == [1, 2]


async def test_a_batch_that_has_not_heard_of_a_change_comes_again_where_one_that_has_was_at_the_chain() -> None:
    sender = fakes(replace(ORDERED, events=("*",)))
    await happen(sender, an_event(1))
    sender.clock.now += 1
    after = replace(PICKY, matched_since=sender.clock.now)
    passed_over = replace(chain_of(sender), cursor=2, asked_since=sender.clock.now)
    sender.chains.found[KEY] = passed_over
    sender.log.add(an_event(2))
    await work(sender, a_task(an_event(2)))
    assert (heard(sender), chain_of(sender)) == ([1], passed_over)
    sender.endpoints.webhooks[0] = after
    await drain(sender)
    assert heard(sender) == [1, 2]


async def test_who_reads_an_endpoint_by_a_clock_of_before_is_not_sent_away_for_long() -> None:
    sender = fakes(PICKY)
    await happen(sender, an_event(1))
    sender.chains.found[KEY] = replace(chain_of(sender), asked_since=sender.clock.now + 0.5)
    await happen(sender, an_event(2))
    assert heard(sender) == [1]
    await drain(sender, CHANGE_S + 5)
    assert heard(sender) == [1, 2]
    assert not sender.tasks.tasks


async def test_a_row_that_cannot_be_read_holds_up_nothing(caplog: pytest.LogCaptureFixture) -> None:
    sender = fakes(ORDERED)
    await happen(sender, an_event(1))
    sender.log.add(an_event(2))
    sender.log.bodies["shop-1", 2] = "{}"
    await happen(sender, an_event(3))
    assert heard(sender) == [1, 3]
    assert "event 2 for wh_a is left out" in caplog.text


async def test_a_row_that_cannot_be_read_keeps_nothing_from_being_dispersed() -> None:
    sender = await blocked()
    sender.log.bodies["shop-1", 2] = "{}"
    change(sender, ordering=Ordering.NONE, matched_since=sender.clock.now)
    await work(sender, freeing(sender))
    await drain(sender, 2 * FAR)
    assert sorted(heard(sender)) == [1, 1, 1, 3]


async def test_who_waits_after_a_slow_failure_is_scheduled_once_though_somebody_knocked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sender = answering(fakes(ORDERED, schedule=(30.0,)), 500)
    post = sender.poster.post

    async def slow(url: str, body: bytes, headers: Mapping[str, str]) -> EgressResponse:
        if not sender.poster.calls:
            sender.clock.now += RUN_S + 5
            await sender.chains.knock(chain_of(sender), sender.clock.now)
        return await post(url, body, headers)

    monkeypatch.setattr(sender.poster, "post", slow)
    await happen(sender, an_event(1))
    assert len(sender.tasks.tasks) == 1
    assert chain_of(sender).waits_until > sender.clock.now


async def test_a_dead_one_that_is_put_back_from_the_dead_letter_queue_has_its_whole_schedule() -> None:
    sender = answering(fakes(ORDERED, schedule=(1.0,)), 500, 500, 500)
    await happen(sender, an_event(1))
    await drain(sender)
    ((dead, _),) = sender.dead.tasks
    sender.clock.now += 3600
    await work(sender, dead)
    await drain(sender)
    assert heard(sender) == [1] * 4
    assert sender.records.of("wh_a").state is DeliveryState.DELIVERED


async def test_an_endpoint_made_anew_by_the_same_id_hears_nothing_of_before() -> None:
    sender = await blocked()
    old = freeing(sender)
    sender.clock.now += 3600
    change(sender, created_at=iso(sender.clock.now), health=EndpointHealth())
    await work(sender, old)
    sender.clock.now += 100
    await happen(sender, replace(an_event(4), timestamp=iso(sender.clock.now)))
    assert heard(sender) == [1, 1, 4]
    assert chain_of(sender).made_at == iso(sender.clock.now - 100)


async def test_what_the_log_has_no_more_is_delivered_from_its_task() -> None:
    sender = fakes(ORDERED)
    await happen(sender, an_event(1))
    await work(sender, a_task(an_event(5)))
    assert heard(sender) == [1, 5]


async def test_who_comes_while_a_chain_waits_costs_one_look() -> None:
    sender = await blocked()
    before = sender.chains.calls
    await work(sender, a_task(an_event(3)))
    assert sender.chains.calls == before + 1


async def test_more_than_a_page_is_dispersed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.webhook_sender.ordered.disperse.PAGE", 1)
    sender = await blocked()
    change(sender, ordering=Ordering.NONE, matched_since=sender.clock.now)
    await work(sender, freeing(sender))
    await drain(sender, 2 * FAR)
    assert sorted(heard(sender)) == [1, 1, 1, 2, 3]


async def test_a_failure_that_was_recorded_by_one_that_died_is_scheduled_for_its_time() -> None:
    sender = answering(fakes(ORDERED, schedule=(FAR,)), 500)
    await happen(sender, an_event(1))
    ((task, _),) = sender.tasks.tasks
    sender.tasks.tasks.clear()
    held = replace(chain_of(sender), cursor=0, holder="dead", lease_until=sender.clock.now, waits_until=0.0)
    sender.chains.found[KEY] = held
    await work(sender, a_task(an_event(1)), receives=2)
    assert [one for one, _ in sender.tasks.tasks] == [task]
    assert chain_of(sender).waits_until == task.not_before


async def test_a_slow_one_that_is_knocked_at_has_one_task_on_all_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    sender = fakes(replace(ORDERED, health=EndpointHealth(slow_since=NOW, slow_until=NOW + 30)))
    put = sender.slow.put

    async def knocked(tasks: Sequence[DeliveryTask], delay_s: int = 0) -> None:
        await put(tasks, delay_s)
        sender.log.add(an_event(2))
        await work(sender, a_task(an_event(2)))

    monkeypatch.setattr(sender.slow, "put", knocked)
    await happen(sender, an_event(1))
    assert chain_of(sender).knocks == 1
    assert (len(sender.slow.tasks), sender.tasks.tasks) == (1, [])
    monkeypatch.undo()
    await drain(sender)
    assert heard(sender) == [1, 2]


async def test_what_takes_the_slow_lane_comes_when_its_chain_was_let_go() -> None:
    sender = fakes(replace(ORDERED, health=EndpointHealth(slow_since=NOW, slow_until=NOW + 30)))
    await happen(sender, an_event(1))
    assert [delay_s for _, delay_s in sender.slow.tasks] == [1]


SENT_ONLY = ("message.sent",)


def narrow(sender: Fakes, **fields: Any) -> None:
    """What was asked for before is asked for no longer."""
    change(sender, events=SENT_ONLY, matched_since=sender.clock.now, **fields)


@pytest.mark.parametrize("ordering", list(Ordering))
async def test_what_is_tried_again_is_tried_to_its_end_though_it_is_asked_for_no_longer(ordering: Ordering) -> None:
    sender = await blocked()
    narrow(sender, ordering=ordering)
    await work(sender, freeing(sender))
    await drain(sender, 2 * FAR)
    assert heard(sender) == [1, 1, 1]
    assert sender.records.of("wh_a").state is DeliveryState.DELIVERED
    sender.clock.now += 100
    await happen(sender, replace(an_event(4, EventType.MESSAGE_SENT), timestamp=iso(sender.clock.now)))
    assert heard(sender) == [1, 1, 1, 4]


@pytest.mark.parametrize("ordering", list(Ordering))
async def test_who_died_may_have_come_to_what_is_asked_for_no_longer(ordering: Ordering) -> None:
    sender = await blocked()
    sender.tasks.tasks.clear()
    rest = {number + 1: sender.log.bodies["shop-1", number] for number in (1, 2, 3)}
    first = json.dumps(json.loads(an_event(1).body()) | {"id": "evt_0"})
    sender.log.bodies |= {("shop-1", 1): first} | {("shop-1", number): body for number, body in rest.items()}
    held = replace(chain_of(sender), cursor=0, holder="dead", lease_until=sender.clock.now, waits_until=0.0)
    sender.chains.found[KEY] = held
    narrow(sender, ordering=ordering)
    await work(sender, freeing(sender))
    await drain(sender, 2 * FAR)
    assert sender.records.of("wh_a").state is DeliveryState.DELIVERED


async def test_what_is_passed_over_is_not_read() -> None:
    sender = await blocked()
    sender.log.add(*(an_event(number) for number in range(4, 40)))
    narrow(sender)
    before = sender.records.gets
    await drain(sender, 2 * FAR)
    assert chain_of(sender).cursor == 39
    assert sender.records.gets - before <= 4
