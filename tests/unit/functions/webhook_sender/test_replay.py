"""Replays of a range: everything in it comes once more, once, wherever the process dies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.webhook_sender.batch import process_batch
from functions.webhook_sender.paging import LONGEST_PAUSE_S
from functions.webhook_sender.replay import PAGE, PATIENCE_S
from shared.clock import iso
from shared.ids import first_id_at
from shared.models.endpoint_health import EndpointHealth
from shared.models.event import Event, EventType
from shared.models.replay import LEASE_S, Replay, ReplayState
from shared.models.stop_reason import StopReason
from shared.models.webhook import Attempt, Delivery, DeliveryState, delivery_id
from shared.queues.deliveries import DeliveryTask
from shared.queues.jobs import decode, encode
from shared.store.errors import StoreError
from tests.fakes.clock import NOW
from tests.fakes.webhooks import Fakes, a_record, a_webhook, fakes

STATES = (DeliveryState.DELIVERED, DeliveryState.DEAD, DeliveryState.RETRYING)
ASKED = Replay(
    id="rpl_1", tenant="acme", webhook_id="wh_a", since=iso(NOW - 1000), until=iso(NOW - 1), asked_at=iso(NOW)
)


class Died(BaseException):
    """The process is gone."""


def an_event(number: int, at: float) -> Event:
    event_id = f"{first_id_at('evt', at)[:-5]}{number:05d}"
    return Event(event_id, EventType.MESSAGE_RECEIVED, iso(at), {"n": number}, "shop-1", number)


def a_delivery(event: Event, state: DeliveryState, at: float) -> Delivery:
    return Delivery(
        id=delivery_id(event.id, "wh_a"),
        tenant="acme",
        webhook_id="wh_a",
        event_id=event.id,
        event_type=event.type,
        state=state,
        created_at=iso(at),
        attempts=(Attempt(iso(at), 3, 200 if state is DeliveryState.DELIVERED else 500),),
        instance="shop-1",
        sequence=event.sequence,
        round=1,
    )


def a_past(count: int) -> Fakes:
    """An endpoint that events were delivered to, a second apart, the last at NOW; their states take turns. A replay of
    them was asked for."""
    made = fakes(a_webhook())
    made.progress.found[ASKED.id] = ASKED
    for number in range(1, count + 1):
        at = NOW - count + number
        event = an_event(number, at)
        delivery = a_delivery(event, STATES[number % 3], at)
        made.records.found["wh_a", delivery.id] = delivery
        made.log.bodies["shop-1", number] = event.body()
    return made


def a_page(replay: Replay, receives: int = 1) -> dict[str, object]:
    return a_record(DeliveryTask("", ""), receives=receives) | {"body": encode(replay)}


async def run(made: Fakes, replay: Replay) -> Replay:
    """Works on a replay until nothing follows; each page is attempted before the next one comes."""
    made.pages.replays = [(replay, 0)]
    while made.pages.replays:
        (page, _) = made.pages.replays.pop(0)
        assert await process_batch([a_page(page)], made.services) == {"batchItemFailures": []}
        attempted(made)
    return made.progress.found[replay.id]


def attempted(made: Fakes, first: int | None = None) -> None:
    """The deliveries that were put and had no attempt yet, or the `first` of them, have one now, which fails."""
    numbers = set(put(made)[:first])
    for place, one in made.records.found.items():
        if one.sequence in numbers and len(one.attempts) == 1:
            tried = (*one.attempts, Attempt(iso(made.clock.unix()), 3, 500))
            made.records.found[place] = replace(one, attempts=tried)


def told(made: Fakes) -> str:
    """The one thing that the journal was told."""
    (entry,) = made.progress.told
    return entry


def put(made: Fakes) -> list[int]:
    """Which events were put on their way, in order."""
    numbers = {body: number for (_, number), body in made.log.bodies.items()}
    return [numbers[task.event] for task, _ in made.tasks.tasks]


async def test_all_of_the_range_and_nothing_else_comes_once_more_page_by_page() -> None:
    made = a_past(250)
    asked = replace(ASKED, since=iso(NOW - 230), until=iso(NOW - 10))
    done = await run(made, asked)
    assert put(made) == list(range(20, 241)), "in the order of the events"
    task, delay = made.tasks.tasks[0]
    assert (task.webhook_id, task.forced, task.asked_at, delay) == ("wh_a", True, NOW, 0)
    assert (done.state, done.replayed, done.expired) == (ReplayState.DONE, 221, 0)
    assert done.finished_at == iso(NOW)
    assert told(made) == "rpl_1: 221 replayed, 0 expired"


async def test_only_the_states_that_were_asked_for() -> None:
    made = a_past(30)
    done = await run(made, replace(ASKED, states=(DeliveryState.DEAD,)))
    assert put(made) == [number for number in range(1, 30) if STATES[number % 3] is DeliveryState.DEAD]
    assert done.replayed == len(put(made))


async def test_the_pages_leave_room_for_what_happens_meanwhile() -> None:
    made = a_past(PAGE + 2)
    await process_batch([a_page(ASKED)], made.services)
    ((page, delay),) = made.pages.replays
    assert delay >= 1
    assert (page.state, page.replayed) == (ReplayState.RUNNING, PAGE)
    assert made.progress.found["rpl_1"] == page
    assert decode(encode(page)) == page


async def two_pages(made: Fakes) -> None:
    """Puts two pages, of which nothing is attempted."""
    await process_batch([a_page(ASKED)], made.services)
    page, _ = made.pages.replays.pop()
    await process_batch([a_page(page)], made.services)
    assert len(put(made)) == 2 * PAGE


async def test_no_page_follows_while_the_one_before_the_last_waits() -> None:
    made = a_past(2 * PAGE + 50)
    await two_pages(made)
    pauses = []
    for _ in range(20):
        page, pause_s = made.pages.replays.pop(0)
        pauses.append(pause_s)
        made.clock.now += pause_s
        await process_batch([a_page(page)], made.services)
    assert len(put(made)) == 2 * PAGE, "no more than two pages wait"
    assert (pauses[0], pauses[-1], pauses) == (1, LONGEST_PAUSE_S, sorted(pauses))
    ((page, _),) = made.pages.replays
    attempted(made, PAGE)
    await process_batch([a_page(page)], made.services)
    assert len(put(made)) == 2 * PAGE + 49
    assert made.progress.found["rpl_1"].state is ReplayState.DONE


async def test_an_endpoint_that_takes_nothing_ends_it_after_a_day() -> None:
    made = a_past(2 * PAGE + 50)
    await two_pages(made)
    page, _ = made.pages.replays.pop()
    made.clock.now += PATIENCE_S - 1
    await process_batch([a_page(page.renewed(made.clock.now))], made.services)
    page, _ = made.pages.replays.pop()
    made.clock.now += 1
    await process_batch([a_page(page)], made.services)
    assert (made.progress.found["rpl_1"].state, made.pages.replays) == (ReplayState.STOPPED, [])
    assert told(made) == f"rpl_1: {2 * PAGE} replayed, 0 expired; stopped: no_attempt"


async def test_a_last_delivery_that_is_no_longer_kept_holds_nothing_up() -> None:
    made = a_past(2 * PAGE + 50)
    await two_pages(made)
    ((page, _),) = made.pages.replays
    assert page.awaited is not None
    del made.records.found["wh_a", page.awaited]
    await process_batch([a_page(page)], made.services)
    assert len(put(made)) == 2 * PAGE + 49


async def test_an_endpoint_that_is_disabled_meanwhile_ends_it() -> None:
    made = a_past(PAGE + 50)
    await process_batch([a_page(ASKED)], made.services)
    page, _ = made.pages.replays.pop()
    attempted(made)
    made.endpoints.webhooks[0] = replace(made.endpoints.webhooks[0], health=EndpointHealth(disabled_at=NOW))
    await process_batch([a_page(page)], made.services)
    ended = made.progress.found["rpl_1"]
    assert (ended.state, ended.replayed, ended.finished_at) == (ReplayState.STOPPED, PAGE, iso(NOW))
    assert ended.reason is StopReason.DISABLED
    assert told(made) == f"rpl_1: {PAGE} replayed, 0 expired; stopped: disabled"
    assert made.pages.replays == []


async def test_one_that_nobody_worked_on_for_long_is_stopped_and_stays_so() -> None:
    made = a_past(PAGE + 50)
    await process_batch([a_page(ASKED)], made.services)
    ((page, _),) = made.pages.replays
    attempted(made)
    made.clock.now += LEASE_S + 1
    seen = made.progress.found["rpl_1"].as_of(made.clock.now)
    ended = (ReplayState.STOPPED, iso(NOW + LEASE_S), StopReason.ABANDONED)
    assert (seen.state, seen.finished_at, seen.reason) == ended
    assert await process_batch([a_page(page)], made.services) == {"batchItemFailures": []}
    assert len(put(made)) == PAGE, "back from the dead-letter queue, it does nothing more"


async def test_what_fails_of_a_replay_is_logged_with_whose_it_is(caplog: pytest.LogCaptureFixture) -> None:
    made = a_past(3)

    def trap(step: str) -> None:
        if step == "before page":
            raise StoreError("no such range")

    made.records.trap = trap
    await process_batch([a_page(ASKED)], made.services)
    assert "rpl_1 of acme for wh_a must come again: StoreError: no such range" in caplog.text


async def test_what_the_log_no_longer_holds_is_counted() -> None:
    made = a_past(10)
    del made.log.bodies["shop-1", 3]
    kept = next(one for one in made.records.found.values() if one.sequence == 4)
    made.records.found["wh_a", kept.id] = replace(kept, body=made.log.bodies["shop-1", 4], sequence=None, instance=None)
    done = await run(made, ASKED)
    assert put(made) == [1, 2, 4, 5, 6, 7, 8, 9]
    assert (done.replayed, done.expired) == (8, 1)


async def test_an_endpoint_that_was_deleted_ends_it() -> None:
    made = a_past(10)
    made.endpoints.webhooks.clear()
    done = await run(made, ASKED)
    assert (done.state, done.replayed, done.finished_at) == (ReplayState.STOPPED, 0, iso(NOW))
    assert made.tasks.tasks == []


def dies_once(made: Fakes, step: str) -> None:
    """Has who works on a page die at a step, the first time."""
    armed = [True]

    def trap(now: str) -> None:
        if now == step and armed:
            armed.clear()
            raise Died

    for part in (made.records, made.log, made.tasks, made.progress, made.pages):
        part.trap = trap


STEPS = (
    *("before page", "before log", "before schedule", "after schedule", "before progress", "after progress"),
    *("before next page", "after next page", "before end", "after end"),
)


@pytest.mark.parametrize("step", STEPS)
async def test_wherever_it_dies_every_delivery_is_made_once_more(step: str) -> None:
    made = a_past(PAGE + 50)
    dies_once(made, step)
    assert await run_through(made, ASKED) == 1, "it died"
    bodies = [body for _, body, _ in made.poster.calls]
    assert sorted(bodies) == sorted(made.log.bodies["shop-1", number].encode() for number in range(1, PAGE + 50))
    assert made.progress.found["rpl_1"].state is ReplayState.DONE


@pytest.mark.parametrize("step", STEPS)
async def test_wherever_it_dies_each_is_counted_once_though_its_state_has_changed(step: str) -> None:
    made = a_past(3 * PAGE)
    dies_once(made, step)
    asked = replace(ASKED, states=(DeliveryState.DEAD,))
    dead = sum(one.state is DeliveryState.DEAD for one in made.records.found.values())
    assert await run_through(made, asked) == 1, "it died"
    assert len(made.poster.calls) == dead
    assert made.progress.found["rpl_1"].state is ReplayState.DONE
    assert made.progress.found["rpl_1"].replayed == dead


async def run_through(made: Fakes, asked: Replay) -> int:
    """Works on a replay and on what it puts, on what fails once more; gives how often that was."""
    messages, failed = [(asked, 1)], 0
    while messages:
        page, receives = messages.pop(0)
        answer = await process_batch([a_page(page, receives)], made.services)
        failed += len(answer["batchItemFailures"])
        messages += [(page, receives + 1)] if answer["batchItemFailures"] else []
        messages += [(one, 1) for one, _ in made.pages.replays]
        made.pages.replays.clear()
        await deliver_all(made)  # what was dead is so no longer
    return failed


async def deliver_all(made: Fakes) -> None:
    """Works on what was put, once each."""
    made.clock.now += 0.5
    while made.tasks.tasks:
        task, _ = made.tasks.tasks.pop(0)
        await process_batch([a_record(task, sent_at=made.clock.unix())], made.services)


async def stop(made: Fakes) -> None:
    """What the API does at its owner's wish."""
    await made.progress.end("acme", "wh_a", "rpl_1", ReplayState.STOPPED, NOW, StopReason.REQUESTED)


def is_stopped(made: Fakes, step: str, *, dies: bool) -> None:
    """Has it be stopped by its owner at a step, and maybe who works on it die there, the first time."""
    armed = [True]

    def trap(now: str) -> None:
        if now == step and armed:
            armed.clear()
            asked = made.progress.found["rpl_1"]
            made.progress.found["rpl_1"] = asked.ended(ReplayState.STOPPED, NOW, StopReason.REQUESTED)
            if dies:
                raise Died

    for part in (made.records, made.log, made.tasks, made.progress, made.pages):
        part.trap = trap


@pytest.mark.parametrize("dies", [False, True], ids=["goes on", "dies"])
@pytest.mark.parametrize(
    ("step", "events"),
    [(step, PAGE + 50) for step in STEPS if "end" not in step]
    + [(step, 50) for step in STEPS if step != "after end" and "next page" not in step],
)
async def test_whenever_its_owner_stops_it_no_page_follows_and_it_stays_so(step: str, events: int, dies: bool) -> None:
    made = a_past(events)
    is_stopped(made, step, dies=dies)
    assert await run_through(made, ASKED) == int(dies)
    assert len(made.poster.calls) <= PAGE
    ended = made.progress.found["rpl_1"]
    assert (ended.state, ended.reason, ended.finished_at) == (ReplayState.STOPPED, StopReason.REQUESTED, iso(NOW))
    assert ended.replayed == len(made.poster.calls), "what it counts was put, so another may go on from `through`"
    assert made.progress.told == [], "nobody tells of its end once more"


async def test_a_stopped_one_that_waits_for_the_page_before_ends_without_another_look() -> None:
    made = a_past(PAGE * 3)
    await two_pages(made)
    await stop(made)
    ((page, _),) = made.pages.replays
    made.pages.replays.clear()
    for _ in range(2):  # and its twin
        await process_batch([a_page(page)], made.services)
    assert (len(put(made)), made.pages.replays) == (2 * PAGE, [])
    assert told(made) == f"rpl_1: {2 * PAGE} replayed, 0 expired; stopped: requested"


async def test_the_counts_of_one_that_is_ended_are_those_of_who_came_furthest() -> None:
    made = a_past(PAGE * 3)
    await process_batch([a_page(ASKED)], made.services)
    made.endpoints.webhooks.clear()
    await process_batch([a_page(ASKED, receives=2)], made.services)
    assert made.progress.found["rpl_1"].replayed == PAGE
    assert told(made) == f"rpl_1: {PAGE} replayed, 0 expired; stopped: deleted"


async def test_a_page_that_comes_again_late_does_nothing_once_another_has_come_further() -> None:
    made = a_past(PAGE * 3)
    await process_batch([a_page(ASKED)], made.services)
    attempted(made)
    await process_batch([a_page(made.pages.replays[0][0])], made.services)
    before = len(made.tasks.tasks), len(made.pages.replays)
    await process_batch([a_page(ASKED, receives=2)], made.services)
    assert (len(made.tasks.tasks), len(made.pages.replays)) == before


async def test_twins_of_a_replay_end_up_as_one() -> None:
    made = a_past(PAGE * 3 + 10)
    await process_batch([a_page(ASKED)], made.services)
    (following,) = made.pages.replays
    await process_batch([a_page(ASKED, receives=2)], made.services)
    attempted(made)
    assert made.pages.replays == [following] * 2, "it cannot be told whether the first was put"
    made.pages.replays.clear()
    for _ in range(2):
        await process_batch([a_page(following[0])], made.services)
    assert len(made.pages.replays) == 1


@pytest.mark.parametrize(
    "body", ['{"replay":7}', '{"replay":{}}', '{"replay":{"state":"x","states":[]}}', '{"replay":']
)
async def test_what_is_no_replay_is_left(body: str) -> None:
    made = fakes()
    answer = await process_batch([a_record(DeliveryTask("", "")) | {"body": body}], made.services)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
