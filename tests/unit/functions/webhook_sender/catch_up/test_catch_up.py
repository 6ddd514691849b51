"""An endpoint that recovers: what waits for it comes now, a page a second, as long as it does well."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, repeat
from typing import Any

import pytest

from functions.webhook_sender.batch import process_batch
from functions.webhook_sender.catch_up.page import SIZE as PAGE
from functions.webhook_sender.catch_up.worker import LONGEST_WAIT_S, MOST_EARLY, PATIENCE_S, SETTLED_S
from functions.webhook_sender.health_rules import CATCH_UP_EVERY_S, RETAKEN_S, retaken
from functions.webhook_sender.paging import LONGEST_PAUSE_S
from shared.clock import iso, parse_iso
from shared.ids import first_id_at
from shared.models.catch_up import CatchUp, Part
from shared.models.endpoint_health import BEFORE_S, EndpointHealth, revived
from shared.models.event import Event, EventType
from shared.models.webhook import Attempt, Cause, Delivery, DeliveryState, Ordering, delivery_id
from shared.queues.deliveries import DeliveryTask
from shared.queues.jobs import decode, encode
from shared.queues.queue import QueueError
from shared.store.database import StoreUnavailable
from tests.fakes.clock import NOW
from tests.fakes.webhooks import Fakes, a_record, a_task, a_webhook, an_event, fakes

SINCE = NOW - 1000
FAILING = EndpointHealth(failing_since=SINCE, last_error="connect")
DUE = NOW + 7200
URL = a_webhook().url


def an_outage(count: int, health: EndpointHealth = FAILING, due: float = DUE) -> Fakes:
    """An endpoint with so many deliveries that wait for their retry, and as many that were delivered."""
    made = fakes(a_webhook(health=health))
    for number in range(1, 2 * count + 1):
        at = SINCE + number
        event = Event(first_id_at("evt", at), EventType.MESSAGE_RECEIVED, iso(at), {}, "shop-1", number)
        waits = number % 2 == 0
        delivery = Delivery(
            id=delivery_id(event.id, "wh_a"),
            tenant="acme",
            webhook_id="wh_a",
            event_id=event.id,
            event_type=event.type,
            state=DeliveryState.RETRYING if waits else DeliveryState.DELIVERED,
            created_at=iso(at),
            attempts=(Attempt(iso(at), 3, error="connect: refused"),),
            next_attempt_at=iso(due) if waits else None,
            instance="shop-1",
            sequence=number,
            round=5,
        )
        made.records.found["wh_a", delivery.id] = delivery
        made.log.add(event)
    return made


async def recover(made: Fakes) -> None:
    """An event is delivered."""
    event = replace(an_event(), id=first_id_at("evt", made.clock.now), sequence=None, instance=None)
    assert await process_batch([a_record(a_task(event))], made.services) == {"batchItemFailures": []}


async def work(made: Fakes, job: CatchUp, receives: int = 1) -> list[str]:
    """Works on a page; the messages that must come again."""
    record = a_record(DeliveryTask("", ""), receives=receives) | {"body": encode(job)}
    answer = await process_batch([record], made.services)
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


async def catch_up(made: Fakes) -> None:
    """Works on all that waits on the queue, as it comes."""
    while made.catch_ups.jobs:
        job, delay_s = made.catch_ups.jobs.pop(0)
        made.clock.now += delay_s
        assert await work(made, job) == []
        while made.tasks.tasks:
            (task, delay_s) = made.tasks.tasks.pop(0)
            if not delay_s:
                await process_batch([a_record(task, sent_at=made.clock.now)], made.services)


def waiting(made: Fakes) -> list[Delivery]:
    return [one for one in made.records.found.values() if one.state is DeliveryState.RETRYING]


def health(made: Fakes) -> EndpointHealth:
    return made.endpoints.webhooks[0].health


async def test_all_that_waits_for_it_is_delivered_long_before_it_is_due() -> None:
    made = an_outage(PAGE + 50)
    scheduled = scheduled_task(made)
    await recover(made)
    ((job, delay_s),) = made.catch_ups.jobs
    assert (job, delay_s) == (CatchUp(tenant="acme", webhook_id="wh_a", at=NOW, until=NOW), 0)
    assert decode(encode(job)) == job
    await catch_up(made)
    assert waiting(made) == []
    assert made.clock.now < NOW + 60
    assert len(made.poster.calls) == PAGE + 50 + 1
    assert {one.attempts[-1].cause for one in made.records.found.values() if one.round == 6} == {Cause.RECOVERY}
    assert health(made).behind_since is None
    made.clock.now = DUE
    await process_batch([a_record(scheduled)], made.services)
    assert len(made.poster.calls) == PAGE + 50 + 1, "what comes by its schedule then was delivered"


def scheduled_task(made: Fakes) -> DeliveryTask:
    """What lies on the queue for one of those that wait."""
    one = waiting(made)[0]
    body = made.log.bodies["shop-1", one.sequence or 0]
    due = parse_iso(one.next_attempt_at or "")
    return DeliveryTask("acme", body, "wh_a", attempt=one.round, not_before=due)


async def test_a_page_a_second_oldest_first_leaves_room() -> None:
    made = an_outage(PAGE + 1)
    await recover(made)
    ((job, _),) = made.catch_ups.jobs
    made.catch_ups.jobs.clear()
    await work(made, job)
    put = [task.event for task, _ in made.tasks.tasks]
    assert put == [made.log.bodies["shop-1", number] for number in range(2, 2 * len(put) + 2, 2)]
    ((following, delay_s),) = made.catch_ups.jobs
    assert (following.part, delay_s) == (Part.DELIVERIES, 1)
    assert len(put) <= PAGE


AT = {"behind_since": SINCE, "catch_up_at": NOW}


@pytest.mark.parametrize(
    ("health", "row"),
    [
        (AT | {"failing_since": NOW}, {}),
        (AT | {"failing_since": NOW}, {"matched_since": NOW, "ordering": Ordering.INSTANCE}),
        (AT | {"disabled_at": NOW}, {}),
        (AT, {"enabled": False}),
        (AT, {"id": "wh_b"}),
        (AT | {"behind_since": None}, {}),
        (AT | {"catch_up_at": NOW - 1}, {}),
    ],
)
async def test_it_ends_where_there_is_nothing_for_it_to_do(health: dict[str, Any], row: dict[str, Any]) -> None:
    made = an_outage(2)
    made.endpoints.webhooks = [replace(made.endpoints.webhooks[0], health=EndpointHealth(**health), **row)]
    await made.services.catch_up_worker.work_on(CatchUp(tenant="acme", webhook_id="wh_a", at=NOW, until=NOW))
    assert (made.tasks.tasks, made.catch_ups.jobs) == ([], [])


async def test_the_row_says_so_until_what_was_put_last_has_had_time_to_fail() -> None:
    made = an_outage(2)
    await recover(made)
    await work(made, made.catch_ups.jobs.pop()[0])
    ((job, delay_s),) = made.catch_ups.jobs
    assert (job.part, delay_s) == (Part.SWEPT, SETTLED_S)
    assert health(made).behind_since is not None


async def test_what_is_due_soon_comes_by_itself() -> None:
    for in_s, comes_now in ((9, 0), (11, 3)):
        made = an_outage(3, due=NOW + in_s)
        await recover(made)
        await work(made, made.catch_ups.jobs[0][0])
        assert len(made.tasks.tasks) == comes_now
    made = an_outage(3, due=NOW + 9)
    await recover(made)
    await catch_up(made)
    assert len(waiting(made)) == 3


async def test_a_failure_leaves_it_due_when_it_was_and_is_no_round_of_the_schedule() -> None:
    made = an_outage(1)
    made.poster.answers = {URL: chain([200], repeat(500))}
    await recover(made)
    await catch_up(made)
    (one,) = waiting(made)
    assert (one.round, one.early, len(one.attempts)) == (5, 1, 2)
    assert DUE < parse_iso(one.next_attempt_at or "") <= DUE + 2
    assert health(made).failing_since == NOW


async def test_what_only_fails_of_itself_is_not_tried_at_each_success_of_others() -> None:
    made = an_outage(1)
    await recover(made)
    made.poster.answers = {URL: repeat(500)}
    for _ in range(20):
        await catch_up(made)
        made.poster.answers = {}
        made.clock.now += CATCH_UP_EVERY_S
        await recover(made)
        made.poster.answers = {URL: repeat(500)}
    (one,) = waiting(made)
    assert (one.early, one.round) == (MOST_EARLY, 5)


async def test_one_that_fails_again_is_left_alone_and_its_next_recovery_brings_all() -> None:
    made = an_outage(PAGE + 50)
    await recover(made)
    made.poster.answers = {URL: repeat(500)}
    await catch_up(made)
    assert len(made.poster.calls) == 2, "the first failure ends it"
    made.poster.answers = {}
    made.clock.now = NOW + 3600
    await recover(made)
    ((job, _),) = made.catch_ups.jobs
    assert (job.at, health(made).behind_since) == (made.clock.now, SINCE - BEFORE_S)
    await catch_up(made)
    assert waiting(made) == []


async def test_one_at_a_time_and_not_at_each_recovery() -> None:
    made = an_outage(PAGE + 50)
    await recover(made)
    ((first, _),) = made.catch_ups.jobs
    for seconds in (1, 2, 3):
        made.clock.now = NOW + seconds
        (row,) = made.endpoints.webhooks
        made.endpoints.webhooks = [replace(row, health=replace(row.health, failing_since=made.clock.now))]
        await recover(made)
    _, (second, delay_s) = made.catch_ups.jobs
    assert (second.at, delay_s) == (NOW + CATCH_UP_EVERY_S, CATCH_UP_EVERY_S - 1)
    assert health(made).behind_since == SINCE - BEFORE_S
    made.catch_ups.jobs.clear()
    await work(made, first)
    assert (made.tasks.tasks, made.catch_ups.jobs) == ([], []), "another is to begin"


async def test_in_a_pause_it_waits_and_nobody_begins_another() -> None:
    made = an_outage(2)
    await recover(made)
    (row,) = made.endpoints.webhooks
    made.endpoints.webhooks = [replace(row, health=replace(row.health, paused_until=NOW + 900))]
    waits: list[int] = []
    while (wait := made.catch_ups.jobs[0][1]) or not waits:
        (job, _) = made.catch_ups.jobs.pop()
        made.clock.now += wait
        if made.clock.now >= NOW + 900:
            break
        await work(made, job)
        waits.append(made.catch_ups.jobs[0][1])
        assert made.tasks.tasks == []
        assert retaken(health(made), made.clock.now + waits[-1]) is None
    assert waits == [LONGEST_WAIT_S] * 3 + [900 - 3 * LONGEST_WAIT_S]
    await work(made, job)
    assert len(made.tasks.tasks) == 2


async def test_no_page_follows_while_the_last_one_waits() -> None:
    made = an_outage(PAGE + 50)
    await recover(made)
    job, pauses = made.catch_ups.jobs.pop()[0], []
    await work(made, job)
    put = len(made.tasks.tasks)
    assert 0 < put <= PAGE
    while len(made.tasks.tasks) == put:
        (job, pause_s) = made.catch_ups.jobs.pop()
        made.clock.now += pause_s
        pauses.append(pause_s)
        await work(made, job)
        assert retaken(health(made), made.clock.now + LONGEST_PAUSE_S) is None, "one that goes on begins not anew"
    assert (pauses[:2], pauses[-1], pauses) == ([1, 1], LONGEST_PAUSE_S, sorted(pauses))
    assert made.clock.now - NOW >= PATIENCE_S, "in the end it goes on in any case"


@pytest.mark.parametrize("answer", [200, 500])
async def test_the_next_page_comes_as_soon_as_the_last_one_was_attempted(answer: int) -> None:
    made = an_outage(PAGE + 50)
    made.poster.answers = {URL: chain([200], [answer], repeat(200))}
    await recover(made)
    await work(made, made.catch_ups.jobs.pop()[0])
    put = len(made.tasks.tasks)
    last = made.tasks.tasks[-1][0]
    await process_batch([a_record(last, sent_at=made.clock.now)], made.services)
    (row,) = made.endpoints.webhooks
    made.endpoints.webhooks = [replace(row, health=replace(row.health, failing_since=None))]
    made.clock.now += 1
    await work(made, made.catch_ups.jobs.pop()[0])
    assert len(made.tasks.tasks) > put


async def test_a_message_that_comes_twice_goes_on_once() -> None:
    made = an_outage(3 * PAGE)
    await recover(made)
    ((job, _),) = made.catch_ups.jobs
    made.catch_ups.jobs.clear()
    await work(made, job)
    made.clock.now += 0.5
    await work(made, job, receives=2)
    twins = [one for one, _ in made.catch_ups.jobs]
    assert len(twins) == 2, "it cannot be told whether the first was put"
    made.catch_ups.jobs.clear()
    made.clock.now += 1
    for one in (*twins, job):
        await work(made, one)
    assert len(made.catch_ups.jobs) == 1


async def test_another_url_brings_what_the_one_before_has_missed() -> None:
    made = an_outage(PAGE + 50)
    (row,) = made.endpoints.webhooks
    job = CatchUp(tenant="acme", webhook_id="wh_a", at=NOW, until=NOW)
    await work(made, job)
    assert made.tasks.tasks == [], "it was put before that is stored: another comes"
    made.endpoints.webhooks = [replace(row, url="http://b.test/", health=EndpointHealth(**revived(row.health, NOW)))]
    made.catch_ups.jobs = [(job, 0), (job, 60)]
    await catch_up(made)
    assert waiting(made) == []
    assert {url for url, _, _ in made.poster.calls} == {"http://b.test/"}
    assert len(made.poster.calls) == PAGE + 50
    assert health(made) == EndpointHealth(catch_up_at=health(made).catch_up_at)


@pytest.mark.parametrize("change", [{"enabled": False}, {"id": "wh_other"}])
async def test_it_ends_with_its_endpoint(change: dict[str, object]) -> None:
    made = an_outage(2)
    await recover(made)
    made.endpoints.webhooks = [replace(made.endpoints.webhooks[0], **change)]  # type: ignore[arg-type]
    await catch_up(made)
    assert len(made.poster.calls) == 1


async def test_what_nobody_began_is_begun_by_whoever_reads_of_it() -> None:
    away = True

    def trap(step: str) -> None:
        if away and step == "before catch-up":
            raise QueueError("away")

    made = an_outage(2)
    made.catch_ups.trap = trap
    await recover(made)
    assert health(made).behind_since == SINCE - BEFORE_S
    away = False
    made.clock.now += RETAKEN_S / 2
    await recover(made)
    assert made.catch_ups.jobs == [], "somebody may be at it"
    made.clock.now += RETAKEN_S / 2
    await recover(made)
    await recover(made)
    assert [job.at for job, _ in made.catch_ups.jobs] == [NOW + RETAKEN_S]
    await catch_up(made)
    assert waiting(made) == []


STEPS = (
    *("before resolve", "before page", "before log", "before schedule", "after schedule", "before catch-up"),
    *("after catch-up", "before get", "before claim", "after claim", "before post", "after post", "before save"),
    "before health",
)


@pytest.mark.parametrize("step", STEPS)
async def test_whatever_fails_on_the_way_all_are_delivered_and_none_after_its_success(step: str) -> None:
    made = an_outage(PAGE // 2)
    await recover(made)
    armed = [True]

    def trap(now: str) -> None:
        if now == step and armed:
            armed.clear()
            raise StoreUnavailable("away")

    parts = (made.endpoints, made.records, made.log, made.tasks, made.catch_ups, made.health, made.poster)
    for part in parts:
        part.trap = trap
    messages = [(encode(job), 1) for job, _ in made.catch_ups.jobs]
    made.catch_ups.jobs.clear()
    while messages:
        body, receives = messages.pop(0)
        made.clock.now += SETTLED_S
        record = a_record(DeliveryTask("", ""), receives=receives, sent_at=NOW) | {"body": body}
        answer = await process_batch([record], made.services)
        messages += [(body, receives + 1)] if answer["batchItemFailures"] else []
        messages += [(encode(job), 1) for job, _ in made.catch_ups.jobs]
        messages += [(a_record(task)["body"], 1) for task, _ in made.tasks.tasks]
        made.catch_ups.jobs.clear()
        made.tasks.tasks.clear()
    assert armed == []
    assert waiting(made) == []
    bodies = [body for _, body, _ in made.poster.calls][1:]
    assert len(set(bodies)) == PAGE // 2
    twice = 1 if step in ("after post", "before save") else 0
    assert len(bodies) == PAGE // 2 + twice
    assert health(made).behind_since is None


@pytest.mark.parametrize("body", ['{"catch_up":7}', '{"catch_up":{}}', '{"catch_up":'])
async def test_what_is_no_catch_up_is_left(body: str) -> None:
    made = fakes()
    answer = await process_batch([a_record(DeliveryTask("", "")) | {"body": body}], made.services)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
