"""One endpoint hangs, another does not: what becomes of the tasks of both, in a process and through the queues."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from functions.webhook_sender import watch as watch_module
from functions.webhook_sender.batch import process_batch
from functions.webhook_sender.health_cache import HealthCache
from functions.webhook_sender.lane import Lane
from functions.webhook_sender.pace import SILENCE_S
from functions.webhook_sender.window import PROVEN, START
from shared.egress import EgressResponse, EgressTimeout
from shared.models.endpoint_health import EndpointHealth
from shared.models.webhook import DeliveryState
from shared.queues.deliveries import DeliveryTask
from shared.store.webhook_journal import EndpointChange
from tests.fakes.clock import NOW
from tests.fakes.loop import run
from tests.fakes.webhooks import FakeHealth, Fakes, a_record, a_task, a_webhook, an_event, fakes

HANGING = a_webhook("hanging", tenant="slowpoke")
QUICK = a_webhook("quick")
SLOW = EndpointHealth(slow_since=NOW, slow_until=NOW + 30)


@dataclass
class Endpoints:
    """One of them answers nobody until it is let go; then nobody was answered."""

    open: int = 0
    most: int = 0
    calls: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> EgressResponse:
        if url != HANGING.url:
            return EgressResponse(200, 3)
        self.calls += 1
        self.open += 1
        self.most = max(self.most, self.open)
        await self.ended.wait()
        self.open -= 1
        raise EgressTimeout("no answer within 10 s")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is noticed in a hundredth of the time."""
    monkeypatch.setattr(watch_module, "SILENCE_S", 0.01)
    monkeypatch.setattr(watch_module, "_LOOK_AGAIN_S", 0.001)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.002)


def delivered(made: Fakes) -> int:
    return sum(one.state is DeliveryState.DELIVERED for one in made.records.found.values())


async def test_no_attempt_at_a_quick_endpoint_waits_for_one_that_hangs() -> None:
    endpoints = Endpoints()
    made = fakes(HANGING, QUICK, client=endpoints)
    before = [a_record(a_task(an_event(n), tenant="slowpoke"), message_id=f"h{n}") for n in range(30)]
    after = [a_record(a_task(an_event(n)), message_id=f"q{n}") for n in range(60)]
    hanging = asyncio.create_task(process_batch(before, made.services))
    await until(lambda: endpoints.open == START)
    assert await process_batch(after, made.services) == {"batchItemFailures": []}
    assert delivered(made) == 60
    assert (endpoints.open, endpoints.most) == (START, START), "all that was begun still hangs"
    endpoints.ended.set()
    await hanging


@pytest.mark.usefixtures("impatient")
async def test_what_waits_for_one_that_hangs_takes_the_slow_lane_and_the_others_know_of_it() -> None:
    endpoints = Endpoints()
    made = fakes(HANGING, client=endpoints)
    events = [a_record(a_task(an_event(n), tenant="slowpoke"), message_id=str(n)) for n in range(20)]
    settled: list[str] = []
    running = asyncio.create_task(process_batch(events, made.services, done=settled.append))
    await until(lambda: len(settled) == 20 - START)
    assert endpoints.open == START, "what was begun goes on"
    moved = [task for task, delay_s in made.slow.tasks if delay_s == 0]
    assert [(task.webhook_id, task.moved_at) for task in moved] == [("wh_hanging", NOW)] * (20 - START)
    (row,) = made.endpoints.webhooks
    assert row.health == replace(SLOW, slow_until=NOW + 30)
    assert made.health.journal == [("wh_hanging", EndpointChange.SLOW, "no answer within 1 s")]
    elsewhere = fakes(row, client=endpoints)
    await process_batch([a_record(a_task(an_event(99), tenant="slowpoke"))], elsewhere.services)
    assert (endpoints.calls, len(elsewhere.slow.tasks)) == (START, 1)
    endpoints.ended.set()
    await running
    assert len(made.health.changes) == 1, "one write for all of them"


async def test_on_the_slow_lane_one_is_attempted_and_the_others_wait_each_for_its_turn() -> None:
    endpoints = Endpoints()
    made = fakes(replace(HANGING, health=SLOW), client=endpoints)
    events = [_slow_record(n) for n in range(4)]
    settled: list[str] = []
    running = asyncio.create_task(process_batch(events, made.services, done=settled.append))
    await until(lambda: len(settled) == 3)
    assert endpoints.open == 1
    delays = [delay_s for _, delay_s in made.slow.tasks]
    assert delays == [1, 2, 3]
    endpoints.ended.set()
    await running


async def test_nobody_waits_longer_than_half_of_what_the_endpoint_has_been_slow() -> None:
    endpoints = Endpoints()
    made = fakes(replace(HANGING, health=replace(SLOW, slow_since=NOW - 60)), client=endpoints)
    running = asyncio.create_task(process_batch([_slow_record(n) for n in range(100)], made.services))
    await until(lambda: len(made.slow.tasks) == 99)
    assert max(delay_s for _, delay_s in made.slow.tasks) == 30
    endpoints.ended.set()
    await running


async def test_the_record_of_what_has_no_turn_is_read_only_if_it_came_before() -> None:
    endpoints = Endpoints()
    made = fakes(replace(HANGING, health=SLOW), client=endpoints)
    running = asyncio.create_task(process_batch([_slow_record(0)], made.services))
    await until(lambda: endpoints.open)
    for receives, gets in ((1, 1), (2, 2)):
        again = _slow_record(1, receives=receives)
        assert await process_batch([again], made.services) == {"batchItemFailures": []}
        assert made.records.gets == gets
    assert len(made.slow.tasks) == 2
    endpoints.ended.set()
    await running


async def test_what_found_no_turn_for_a_day_is_dead_and_can_be_replayed() -> None:
    endpoints = Endpoints()
    made = fakes(replace(HANGING, health=SLOW), client=endpoints)
    running = asyncio.create_task(process_batch([_slow_record(0)], made.services))
    await until(lambda: endpoints.open)
    for hours in (23, 25):
        old = _slow_record(hours, moved_at=NOW - hours * 3600)
        assert await process_batch([old], made.services) == {"batchItemFailures": []}
    ((waits, _),) = made.slow.tasks
    assert waits.moved_at == NOW - 23 * 3600
    ((task, _),) = made.dead.tasks
    assert (task.again, task.moved_at, json.loads(task.event)["sequence"]) == (True, 0.0, 25)
    endpoints.ended.set()
    await running


async def test_an_endpoint_that_is_quick_again_has_the_fast_lane_back_before_its_mark_runs_out() -> None:
    made = fakes(a_webhook(health=SLOW))
    records = [a_record(a_task(an_event(n)), message_id=str(n), lane=Lane.SLOW) for n in range(10)]
    for record in records:
        await process_batch([record], made.services)
    (row,) = made.endpoints.webhooks
    assert (row.health, len(made.poster.calls)) == (EndpointHealth(), 10)
    await process_batch([a_record(a_task(an_event(99)))], made.services)
    assert made.slow.tasks == []


class SlowStore(FakeHealth):
    """Takes its time."""

    async def change(self, *given: Any, **named: Any) -> bool:
        await asyncio.sleep(2 * SILENCE_S)
        return await super().change(*given, **named)


def test_an_endpoint_that_has_answered_is_not_silent_while_that_is_written() -> None:
    made = fakes(a_webhook(health=SLOW))
    services = replace(made.services, health_cache=HealthCache(SlowStore(made.endpoints), made.clock))

    async def quick_again() -> None:
        for number in range(PROVEN):
            await process_batch([a_record(a_task(an_event(number)), message_id=str(number), lane=Lane.SLOW)], services)

    run(quick_again())
    (row,) = made.endpoints.webhooks
    assert (row.health, len(made.poster.calls)) == (EndpointHealth(), PROVEN)


async def test_an_endpoint_with_another_that_hangs_gets_the_same_event() -> None:
    other = replace(HANGING, tenant="acme", secrets=QUICK.secrets, health=SLOW)
    made = fakes(other, QUICK)
    assert await process_batch([a_record(a_task())], made.services) == {"batchItemFailures": []}
    assert made.records.of("wh_quick").state is DeliveryState.DELIVERED
    ((task, _),) = made.slow.tasks
    assert task == a_task(webhook_id="wh_hanging", moved_at=NOW, traceparent=task.traceparent)


def _slow_record(number: int, moved_at: float = NOW, receives: int = 1) -> dict[str, object]:
    task: DeliveryTask = a_task(an_event(number), tenant="slowpoke", webhook_id="wh_hanging", moved_at=moved_at)
    return a_record(task, message_id=str(number), lane=Lane.SLOW, receives=receives)
