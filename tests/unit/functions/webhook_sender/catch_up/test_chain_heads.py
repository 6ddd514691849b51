"""A chain that waits for a retry goes on once its endpoint is well again, whatever it was that it waits for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain as joined
from itertools import repeat
from typing import Any

import pytest

from functions.webhook_sender.batch import process_batch
from functions.webhook_sender.catch_up.page import SIZE, Page
from functions.webhook_sender.catch_up.worker import MOST_EARLY
from functions.webhook_sender.ordered.holds import Holds
from shared.clock import iso
from shared.ids import first_id_at
from shared.models.catch_up import CatchUp
from shared.models.chain import Chain
from shared.models.endpoint_health import EndpointHealth, revived, woken
from shared.models.event import Event
from shared.models.webhook import DeliveryState, Ordering
from shared.queues.deliveries import DeliveryTask
from shared.queues.jobs import encode
from shared.store.database import StoreUnavailable
from tests.fakes.clock import NOW
from tests.fakes.webhooks import Fakes, a_record, a_task, a_webhook, an_event, fakes

ORDERED = a_webhook(ordering=Ordering.INSTANCE)
LONG_S = 40_000.0
SOON_S = 60.0
ALONE = replace(an_event(99), instance=None, sequence=None)


def event(number: int, at: float = NOW) -> Event:
    """One whose id tells when it was noted."""
    return replace(an_event(number), id=f"{first_id_at('evt', at)[:-4]}{number:04d}", timestamp=iso(at))


async def take(made: Fakes, *tasks: DeliveryTask) -> None:
    """Another process works on each."""
    for task in tasks:
        services = replace(made.services, holds=Holds())
        answer = await process_batch([a_record(task, sent_at=made.clock.now)], services)
        assert answer == {"batchItemFailures": []}


async def go_on(made: Fakes) -> None:
    """Works on all that comes within a minute, as it comes."""
    until = made.clock.now + SOON_S
    waiting: list[tuple[float, DeliveryTask | CatchUp]] = []
    while True:
        for queue in (made.tasks, made.slow):
            now = made.clock.now
            waiting += [(max(now + delay_s, task.not_before), task) for task, delay_s in queue.tasks]
            queue.tasks.clear()
        waiting += [(made.clock.now + delay_s, job) for job, delay_s in made.catch_ups.jobs]
        made.catch_ups.jobs.clear()
        due = min(waiting, key=lambda one: one[0], default=None)
        if due is None or due[0] > until:
            break
        waiting.remove(due)
        made.clock.now = max(made.clock.now, due[0])
        if isinstance(due[1], CatchUp):
            await process_batch([a_record(a_task()) | {"body": encode(due[1])}], made.services)
        else:
            await take(made, due[1])
    made.clock.now = until
    for at, one in waiting:
        if isinstance(one, CatchUp):
            made.catch_ups.jobs.append((one, round(at - until)))
        else:
            made.tasks.tasks.append((one, round(at - until)))


def heard(made: Fakes) -> list[int]:
    numbers = [json.loads(body)["sequence"] for _, body, _ in made.poster.calls]
    return [number for number in numbers if number]


def change(made: Fakes, **fields: Any) -> None:
    made.endpoints.webhooks[0] = replace(made.endpoints.webhooks[0], **fields)


def asks(made: Fakes, health: dict[str, Any], **fields: Any) -> None:
    """What a call does that changes the endpoint."""
    change(made, health=replace(row_of(made), **health), **fields)
    job = CatchUp(tenant="acme", webhook_id="wh_a", at=made.clock.now, until=made.clock.now)
    made.catch_ups.jobs += [(job, 0), (job, 60)]


def row_of(made: Fakes) -> EndpointHealth:
    return made.endpoints.webhooks[0].health


async def blocked(answers: Sequence[int] = (500, 500)) -> Fakes:
    """The first of three events waits for hours and holds the others back; its endpoint is well from then on."""
    made = fakes(ORDERED, schedule=(1.0, LONG_S, LONG_S))
    made.poster.answers = {ORDERED.url: joined(answers, repeat(200))}
    made.log.add(event(1), event(2), event(3))
    await take(made, a_task(event(1)))
    await go_on(made)
    await take(made, a_task(event(2)), a_task(event(3)))
    assert heard(made) == [1, 1]
    assert made.chains.found["acme", "wh_a", "shop-1"].waits_until > made.clock.now + LONG_S / 2
    return made


async def test_a_recovery_lets_it_go_on() -> None:
    made = await blocked()
    await take(made, DeliveryTask("acme", ALONE.body(), "wh_a"))
    await go_on(made)
    assert heard(made) == [1, 1, 1, 2, 3]
    assert row_of(made).behind_since is None


async def test_so_does_one_by_a_replay_of_what_holds_it_back() -> None:
    made = await blocked()
    await take(made, DeliveryTask("acme", event(1).body(), "wh_a", forced=True))
    await go_on(made)
    assert heard(made) == [1, 1, 1, 2, 3]


async def test_a_replay_that_fails_does_not_keep_it_from_that() -> None:
    made = await blocked([500, 500, 500, 500])
    await take(made, DeliveryTask("acme", event(1).body(), "wh_a", forced=True))
    await go_on(made)
    before = heard(made)
    made.clock.now += 100
    await take(made, DeliveryTask("acme", ALONE.body(), "wh_a"))
    await go_on(made)
    assert [*before, 1, 2, 3][-3:] == heard(made)[-3:]
    assert set(before) == {1}


async def test_enabled_again_it_waits_for_nothing_of_before() -> None:
    made = await blocked()
    change(made, enabled=False)
    made.clock.now += 600
    asks(made, revived(row_of(made), made.clock.now), enabled=True)
    await go_on(made)
    assert heard(made) == [1, 1, 1, 2, 3]


async def test_what_happened_while_it_was_disabled_comes_without_another_event() -> None:
    made = fakes(ORDERED)
    made.log.add(event(1))
    await take(made, a_task(event(1)))
    change(made, enabled=False)
    made.log.add(*(event(number) for number in range(2, 7)))
    await take(made, *(a_task(event(number)) for number in range(2, 7)))
    asks(made, woken(row_of(made), made.clock.now), enabled=True)
    await go_on(made)
    assert heard(made) == [1, 2, 3, 4, 5, 6]


async def test_another_url_lets_it_go_on() -> None:
    made = await blocked()
    made.clock.now += 600
    asks(made, revived(row_of(made), made.clock.now), url="http://b.test/")
    await go_on(made)
    assert heard(made) == [1, 1, 1, 2, 3]


async def test_what_is_older_than_the_outage_comes_too() -> None:
    made = fakes(ORDERED, schedule=(1.0, LONG_S, LONG_S))
    made.poster.answers = {ORDERED.url: joined([500, 500], repeat(200))}
    made.clock.now = NOW + 3600  # it was noted an hour ago
    made.log.add(event(1, NOW + 1), event(2, NOW + 2))
    await take(made, a_task(event(1, NOW + 1)))
    await go_on(made)
    await take(made, DeliveryTask("acme", ALONE.body(), "wh_a"))
    await go_on(made)
    assert heard(made) == [1, 1, 1, 2]


async def test_what_is_always_refused_is_not_brought_each_time_and_keeps_no_other_back() -> None:
    made = await blocked()
    made.poster.answers = {}
    key = "wh_a", next(iter(made.records.found))[1]
    made.records.found[key] = replace(made.records.found[key], early=MOST_EARLY)
    await take(made, DeliveryTask("acme", ALONE.body(), "wh_a"))
    assert (await page_of(made)).tasks == []
    await go_on(made)
    assert heard(made) == [1, 1]


async def page_of(made: Fakes) -> Page:
    """The first page of chains."""
    job = CatchUp(tenant="acme", webhook_id="wh_a", at=NOW, until=NOW)
    return await made.services.catch_up_worker.chains.page(job, made.endpoints.webhooks[0], made.clock.now)


async def test_of_one_in_order_the_last_page_is_the_end() -> None:
    made = await blocked()
    await take(made, DeliveryTask("acme", ALONE.body(), "wh_a"))
    ((job, _),) = made.catch_ups.jobs
    made.catch_ups.jobs.clear()
    await made.services.catch_up_worker.work_on(job)
    assert (made.catch_ups.jobs, row_of(made).behind_since) == ([], None)


IDLE = Chain(tenant="acme", webhook_id="wh_a", instance="shop-1", cursor=0, first=0, made_at=ORDERED.created_at)


@pytest.mark.parametrize(
    ("chain", "ordering", "count"),
    [
        (IDLE, Ordering.INSTANCE, 1),
        (IDLE, Ordering.NONE, 0),
        (replace(IDLE, behind=True), Ordering.NONE, 1),
        (replace(IDLE, holder="one that died"), Ordering.NONE, 1),
        (replace(IDLE, made_at=iso(NOW - 9), behind=True), Ordering.INSTANCE, 0),
        (replace(IDLE, cursor=1), Ordering.INSTANCE, 0),
    ],
)
async def test_whose_next_event_comes(chain: Chain, ordering: Ordering, count: int) -> None:
    made = fakes(replace(ORDERED, ordering=ordering))
    made.log.add(event(1))
    made.chains.found["acme", "wh_a", "shop-1"] = chain
    assert len((await page_of(made)).tasks) == count


@pytest.mark.parametrize("failing", [None, NOW - 5])
async def test_in_order_no_longer_all_that_was_held_back_goes_on_its_way(failing: float | None) -> None:
    made = await blocked()
    change(made, health=EndpointHealth(failing_since=failing))
    made.clock.now += 100
    asks(made, woken(row_of(made), made.clock.now), ordering=Ordering.NONE, matched_since=made.clock.now)
    await go_on(made)
    assert set(heard(made)) == {1, 2, 3}


async def test_of_many_a_page_waits_at_a_time() -> None:
    made = fakes(replace(ORDERED, health=EndpointHealth(**woken(EndpointHealth(), NOW))))
    for number in range(2 * SIZE):
        name = f"shop-{number:04d}"
        made.log.add(replace(event(number), instance=name, sequence=1))
        one = Chain(tenant="acme", webhook_id="wh_a", instance=name, cursor=0, first=0, behind=True)
        made.chains.found["acme", "wh_a", name] = one
    await made.services.catch_up_worker.work_on(CatchUp(tenant="acme", webhook_id="wh_a", at=NOW, until=NOW))
    for _ in range(5):
        (job, pause_s) = made.catch_ups.jobs.pop()
        made.clock.now += pause_s
        await made.services.catch_up_worker.work_on(job)
    assert len(made.tasks.tasks) == SIZE
    await go_on(made)
    assert len(heard(made)) == 2 * SIZE


STEPS = (
    "before resolve",
    "before page of chains",
    "before log",
    "before schedule",
    "after schedule",
    "before catch-up",
    "after catch-up",
    "before health",
    "after health",
)


@pytest.mark.parametrize("step", STEPS)
async def test_whatever_fails_on_the_way_all_goes_on(step: str) -> None:
    made = await blocked()
    await take(made, DeliveryTask("acme", ALONE.body(), "wh_a"))
    ((job, _),) = made.catch_ups.jobs
    armed = [True]

    def trap(now: str) -> None:
        if now == step and armed:
            armed.clear()
            raise StoreUnavailable("away")

    for part in (made.endpoints, made.chains, made.log, made.tasks, made.catch_ups, made.health):
        part.trap = trap
    for number in range(SIZE):  # so that there is a second page
        one = Chain(tenant="acme", webhook_id="wh_a", instance=f"shop-{number}-", cursor=0, first=0)
        made.chains.found["acme", "wh_a", one.instance] = one
    made.catch_ups.jobs.clear()
    record = a_record(a_task()) | {"body": encode(job)}
    if (await process_batch([record], made.services))["batchItemFailures"]:
        made.catch_ups.jobs += [(job, 180)]
    while made.catch_ups.jobs or made.tasks.tasks:
        await go_on(made)
    assert heard(made) == [1, 1, 1, 2, 3]
    assert row_of(made).behind_since is None


async def test_a_row_that_is_no_event_stops_nothing() -> None:
    made = await blocked()
    made.log.add(replace(event(1), instance="shop-2"))
    made.log.bodies["shop-2", 1] = "{}"
    one = Chain(tenant="acme", webhook_id="wh_a", instance="shop-2", cursor=0, first=0, behind=True)
    made.chains.found["acme", "wh_a", "shop-2"] = one
    await take(made, DeliveryTask("acme", ALONE.body(), "wh_a"))
    await go_on(made)
    assert heard(made) == [1, 1, 1, 2, 3]
    assert all(one.state is DeliveryState.DELIVERED for one in made.records.found.values())
