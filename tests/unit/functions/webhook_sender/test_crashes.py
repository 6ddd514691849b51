"""The map of `deliver`, walked: the sender dies before and after every single step, once and twice in a row.

A small world: a queue that gives a message again when its batch died, an endpoint, a clock that jumps to what is next.
What is due at the same moment is worked on side by side, by a process each.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import chain, combinations, count, pairwise, repeat

import pytest

from functions.webhook_sender.batch import process_batch
from functions.webhook_sender.health_cache import HealthCache
from functions.webhook_sender.lane import Lane
from functions.webhook_sender.pace import Pace
from functions.webhook_sender.record import TAKEN_S
from functions.webhook_sender.slots import NoSlot, Slot, Slots
from shared.clock import iso
from shared.models.dead_reason import DeadReason
from shared.models.endpoint_health import EndpointHealth
from shared.models.webhook import DeliveryState
from shared.queues.deliveries import DeliveryTask
from tests.fakes.clock import NOW
from tests.fakes.webhooks import Fakes, a_record, a_task, a_webhook, fakes

VISIBILITY_S = 60
SCHEDULE = (1.0, 2.0, 2000.0)  # the last one takes more than one hop
URL = a_webhook().url
HEALTHY = EndpointHealth()
SLOW = EndpointHealth(slow_since=NOW, slow_until=NOW + 1e9)
PAUSED_UNTIL = NOW + 500
PAUSED = EndpointHealth(paused_until=PAUSED_UNTIL)


class Died(BaseException):
    """The process is gone at this step."""


class Full(Slots):
    """No endpoint has room."""

    async def _wait(self, pace: Pace, lane: Lane, begin_by: float | None) -> Slot:
        raise NoSlot


@dataclass
class Deaths:
    """Dies at the given steps, counted over everything that is done; remembers what it passed. `then`: what happens
    while it is dead."""

    at: tuple[int, ...] = ()
    passed: list[str] = field(default_factory=list)
    then: Callable[[], None] = lambda: None

    def __call__(self, step: str) -> None:
        self.passed.append(step)
        if len(self.passed) - 1 in self.at:
            self.then()
            raise Died(step)


@dataclass(order=True)
class Waiting:
    due: float
    number: int
    sent_at: float = field(compare=False)
    task: DeliveryTask = field(compare=False)
    lane: Lane = field(default=Lane.FAST, compare=False)
    receives: int = field(default=0, compare=False)


class World:
    """Runs tasks, and what follows from them, until no message is left. `most_at_once`: messages at the same moment."""

    def __init__(self, statuses: list[int], deaths: Deaths, health: EndpointHealth = HEALTHY) -> None:
        self.sender: Fakes = fakes(a_webhook(health=health), trap=deaths, schedule=SCHEDULE)
        self.sender.poster.answers = {URL: chain(statuses, repeat(statuses[-1]))}
        self.posts_after_success = 0
        self.most_at_once = 0
        self.full = 0  # so many of the messages to come find no room
        self._queue: list[Waiting] = []
        self._numbers = count()

    async def run(self, *tasks: DeliveryTask) -> None:
        for task in tasks:
            self._put(task, 0)
        while self._queue:
            self._queue.sort()
            clock = self.sender.clock
            clock.now = max(clock.now + 0.05, self._queue[0].due)
            due = [message for message in self._queue if message.due <= clock.now]
            self._queue = self._queue[len(due) :]
            self.most_at_once = max(self.most_at_once, len(due))
            delivered, posts = self._delivered(), len(self.sender.poster.calls)
            await asyncio.gather(*(self._receive(message) for message in due))
            self.posts_after_success += delivered and len(self.sender.poster.calls) > posts
            self._collect()

    async def _receive(self, message: Waiting) -> None:
        message.receives += 1
        assert message.receives < 9, "comes again for ever"
        record = a_record(
            message.task,
            receives=message.receives,
            sent_at=message.sent_at,
            message_id=str(message.number),
            lane=message.lane,
        )
        care = HealthCache(self.sender.health, self.sender.clock)
        places = Full(25) if self.full else Slots(25)
        self.full = max(0, self.full - 1)
        answer = await process_batch([record], replace(self.sender.services, health_cache=care, slots=places))
        if answer["batchItemFailures"]:
            self._queue.append(replace(message, due=self.sender.clock.now + VISIBILITY_S))

    def _collect(self) -> None:
        while self.sender.tasks.tasks:
            self._put(*self.sender.tasks.tasks.pop(0))
        while self.sender.slow.tasks:
            self._put(*self.sender.slow.tasks.pop(0), Lane.SLOW)

    def _put(self, task: DeliveryTask, delay_s: int, lane: Lane = Lane.FAST) -> None:
        assert 0 <= delay_s <= 900
        now = self.sender.clock.now
        self._queue.append(Waiting(now + delay_s, next(self._numbers), now, task, lane))

    def _delivered(self) -> bool:
        return any(one.state is DeliveryState.DELIVERED for one in self.sender.records.found.values())


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Hundreds of deaths are logged otherwise."""
    caplog.set_level(logging.CRITICAL)


async def steps_of(statuses: list[int], task: DeliveryTask, health: EndpointHealth = HEALTHY) -> int:
    """How many steps there are to die at."""
    deaths = Deaths()
    await World(statuses, deaths, health).run(task)
    return len(deaths.passed)


FIRST = a_task()
REPLAY = a_task(webhook_id="wh_a", forced=True)
TEST_TO_ONE = a_task(webhook_id="wh_a")
STORIES = {
    "delivered at once": [200],
    "delivered at the third attempt": [500, 503, 204],
    "delivered at the last attempt": [500, 500, 500, 200],
    "never": [500],
}


@pytest.mark.parametrize("task", [FIRST, REPLAY, TEST_TO_ONE], ids=["event", "replay", "one endpoint"])
@pytest.mark.parametrize("statuses", STORIES.values(), ids=list(STORIES))
async def test_wherever_it_dies_nothing_is_lost_and_nothing_follows_a_recorded_success(
    statuses: list[int], task: DeliveryTask
) -> None:
    steps = await steps_of(statuses, task)
    once = [(step,) for step in range(steps)]
    for at in [*once, *combinations(range(min(steps + 2, 14)), 2)]:
        deaths = Deaths(at)
        world = World(statuses, deaths)
        await world.run(task)
        assert world.posts_after_success == 0, deaths.passed
        check_ending(world, statuses, deaths)


@pytest.mark.parametrize("statuses", [[500, 500, 500, 200], [500]], ids=["at the last attempt", "never"])
async def test_of_a_retry_that_was_scheduled_twice_one_is_made_wherever_one_of_the_two_dies(
    statuses: list[int],
) -> None:
    whole = Deaths()
    await World(statuses, whole).run(FIRST)
    scheduled = [step for step, name in enumerate(whole.passed) if name == "after schedule"][2]
    twice = Deaths((scheduled,))  # the first hop to the last attempt is on the queue twice
    world = World(statuses, twice)
    await world.run(FIRST)
    assert (world.most_at_once, len(world.sender.poster.calls)) == (2, 4)
    check_ending(world, statuses, twice)
    for step in range(scheduled + 1, len(twice.passed) + 2):
        deaths = Deaths((scheduled, step))
        world = World(statuses, deaths)
        await world.run(FIRST)
        check_ending(world, statuses, deaths)
        assert world.posts_after_success == 0, deaths.passed
        unrecorded = step < len(deaths.passed) and deaths.passed[step] in ("after post", "before save")
        assert len(world.sender.poster.calls) == 4 + unrecorded, deaths.passed


@pytest.mark.parametrize("task", [FIRST, REPLAY, TEST_TO_ONE], ids=["event", "replay", "one endpoint"])
@pytest.mark.parametrize("statuses", [[200], [500, 200], [500]], ids=["at once", "at the second attempt", "never"])
@pytest.mark.parametrize("health", [SLOW, PAUSED], ids=["slow", "paused"])
async def test_nor_where_it_is_moved_or_put_off(
    statuses: list[int], task: DeliveryTask, health: EndpointHealth
) -> None:
    steps = await steps_of(statuses, task, health)
    twice = combinations(range(min(steps + 2, 10)), 2) if health is SLOW and task is FIRST else ()
    for at in [*((step,) for step in range(steps)), *twice]:
        deaths = Deaths(at)
        world = World(statuses, deaths, health)
        await world.run(task)
        assert world.posts_after_success == 0, deaths.passed
        check_ending(world, statuses, deaths)


@pytest.mark.parametrize("health", [HEALTHY, SLOW], ids=["from the fast lane", "from the slow lane"])
@pytest.mark.parametrize("statuses", [[500, 200], [500]], ids=["at the second attempt", "never"])
async def test_what_was_taken_by_a_message_that_is_moved_then_is_made(
    statuses: list[int], health: EndpointHealth
) -> None:
    def finds_no_room() -> None:
        world.full = 1

    def falls_silent() -> None:
        world.sender.endpoints.webhooks[0] = a_webhook(health=SLOW)

    whole = Deaths()
    await World(statuses, whole, health).run(FIRST)
    taken = whole.passed.index("after take")
    for meanwhile in (finds_no_room, falls_silent):
        for step in range(taken, len(whole.passed) + 2):
            deaths = Deaths((taken, step), then=meanwhile)
            world = World(statuses, deaths, health)
            await world.run(FIRST)
            check_ending(world, statuses, deaths)
            assert world.posts_after_success == 0, deaths.passed


async def test_what_comes_in_a_pause_is_pending_and_uses_up_no_attempt() -> None:
    world = World([200], Deaths(), PAUSED)
    await process_batch([a_record(FIRST)], world.sender.services)
    record = world.sender.records.of("wh_a")
    assert (record.state, record.attempts, record.next_attempt_at) == (DeliveryState.PENDING, (), iso(PAUSED_UNTIL))
    ((task, delay_s),) = world.sender.tasks.tasks
    assert (task.attempt, task.not_before, delay_s) == (0, PAUSED_UNTIL, 500)
    await world.run(task)
    record = world.sender.records.of("wh_a")
    assert (record.state, record.next_attempt_at, record.round) == (DeliveryState.DELIVERED, None, 1)
    assert world.sender.clock.now >= PAUSED_UNTIL


async def test_what_is_moved_before_its_first_attempt_is_pending_until_then() -> None:
    world = World([500, 200], Deaths(), SLOW)
    await process_batch([a_record(FIRST)], world.sender.services)
    record = world.sender.records.of("wh_a")
    assert (record.state, record.attempts, record.next_attempt_at) == (DeliveryState.PENDING, (), None)
    assert (record.created_at, record.round) == (iso(NOW), 0)
    ((task, _),) = world.sender.slow.tasks
    await process_batch([a_record(task, lane=Lane.SLOW)], world.sender.services)
    record = world.sender.records.of("wh_a")
    assert (record.state, len(record.attempts), record.created_at) == (DeliveryState.RETRYING, 1, iso(NOW))
    ((retry, _),) = world.sender.tasks.tasks
    world.sender.clock.now = retry.not_before
    await process_batch([a_record(retry)], world.sender.services)
    assert len(world.sender.slow.tasks) == 2
    assert world.sender.records.of("wh_a") == record, "a retry is not pending again"


async def test_a_copy_that_is_moved_late_covers_up_nothing() -> None:
    world = World([200], Deaths(), SLOW)
    await process_batch([a_record(FIRST)], world.sender.services)
    ((moved, _),) = world.sender.slow.tasks
    await process_batch([a_record(moved, lane=Lane.SLOW)], world.sender.services)
    await process_batch([a_record(FIRST, message_id="the queue's copy, which looks new")], world.sender.services)
    assert world.sender.records.of("wh_a").state is DeliveryState.DELIVERED
    _, (copy, _) = world.sender.slow.tasks
    await process_batch([a_record(copy, lane=Lane.SLOW, message_id="m2")], world.sender.services)
    assert len(world.sender.poster.calls) == 1


async def test_of_a_first_attempt_that_was_moved_twice_one_is_made() -> None:
    world = World([200], Deaths(), SLOW)
    await process_batch([a_record(FIRST)], world.sender.services)
    ((moved, _),) = world.sender.slow.tasks
    world.sender.slow.tasks.clear()
    await world.run(moved, moved)
    assert (world.most_at_once, len(world.sender.poster.calls)) == (2, 1)


async def test_of_two_on_the_slow_lane_the_second_is_dropped() -> None:
    world = World([200], Deaths(), SLOW)
    for receives in (1, 2):  # it died between moving and deleting
        await process_batch([a_record(FIRST, receives=receives)], world.sender.services)
    twins = list(world.sender.slow.tasks)
    assert len(twins) == 2
    for number, (task, _) in enumerate(twins):
        await process_batch([a_record(task, lane=Lane.SLOW, message_id=str(number))], world.sender.services)
    assert len(world.sender.poster.calls) == 1
    replays = World([200], Deaths(), SLOW)
    for receives in (1, 2):
        await process_batch([a_record(REPLAY, receives=receives)], replays.sender.services)
    for task, _ in list(replays.sender.slow.tasks):
        await process_batch([a_record(task, lane=Lane.SLOW, sent_at=NOW + 9)], replays.sender.services)
    assert len(replays.sender.poster.calls) == 1


def check_ending(world: World, statuses: list[int], deaths: Deaths) -> None:
    """Delivered when enough attempts were recorded for it, else dead and buried."""
    record = world.sender.records.of("wh_a")
    if statuses[-1] < 300:
        assert record.state is DeliveryState.DELIVERED, deaths.passed
        assert record.attempts[-1].status == statuses[-1]
    else:
        assert record.state is DeliveryState.DEAD, deaths.passed
        assert len(record.attempts) == len(SCHEDULE) + 1
        assert {task for task, _ in world.sender.dead.tasks} == {a_task(webhook_id="wh_a", again=True)}
    assert record.next_attempt_at is None


async def test_what_was_buried_twice_is_delivered_once_when_it_is_moved_back() -> None:
    world = World([500] * 4 + [200], Deaths())
    await world.run(FIRST)
    ((buried, _),) = world.sender.dead.tasks
    await world.run(buried)
    await world.run(buried)
    assert world.sender.records.of("wh_a").state is DeliveryState.DELIVERED
    assert len(world.sender.poster.calls) == 5


async def test_of_copies_that_are_moved_back_at_once_one_is_made() -> None:
    world = World([500] * 4 + [200], Deaths())
    await world.run(FIRST)
    ((buried, _),) = world.sender.dead.tasks
    await world.run(buried, buried)
    assert world.sender.records.of("wh_a").state is DeliveryState.DELIVERED
    assert len(world.sender.poster.calls) == 5


async def test_of_copies_that_are_moved_back_the_second_does_not_revive_what_the_first_has_ended() -> None:
    world = World([500] * 4 + [410], Deaths())
    await world.run(FIRST)
    ((buried, _),) = world.sender.dead.tasks
    await world.run(buried, buried)
    assert (len(world.sender.poster.calls), len(world.sender.dead.tasks)) == (5, 2)
    assert world.sender.records.of("wh_a").reason is DeadReason.GONE


async def test_an_event_that_may_be_on_the_queue_twice_is_not_taken_for_one_that_is_moved_back() -> None:
    world = World([410], Deaths(), SLOW)
    for receives in (1, 2):
        await process_batch([a_record(a_task(again=True), receives=receives)], world.sender.services)
    for task, _ in list(world.sender.slow.tasks):
        await process_batch([a_record(task, lane=Lane.SLOW, sent_at=NOW + 9)], world.sender.services)
    assert (len(world.sender.poster.calls), len(world.sender.dead.tasks)) == (1, 1)
    assert world.sender.records.of("wh_a").reason is DeadReason.GONE


async def test_what_was_taken_by_a_message_that_comes_no_more_can_be_made_when_it_is_moved_back() -> None:
    world = World([500, 200], Deaths())
    await process_batch([a_record(FIRST)], world.sender.services)
    ((task, _),) = world.sender.tasks.tasks
    world.sender.clock.now = task.not_before
    world.sender.records.trap = Deaths((2,))  # after take
    died = await process_batch([a_record(task, message_id="old")], world.sender.services)
    assert died["batchItemFailures"]
    assert len(world.sender.poster.calls) == 1
    for wait_s, posts in ((0, 1), (TAKEN_S - 1, 1), (2, 2)):
        world.sender.clock.now += wait_s
        await process_batch([a_record(task, message_id=f"after {wait_s}")], world.sender.services)
        assert len(world.sender.poster.calls) == posts
    assert world.sender.records.of("wh_a").state is DeliveryState.DELIVERED


async def test_a_replay_delivers_once_more_what_was_delivered() -> None:
    world = World([200], Deaths())
    await world.run(FIRST)
    await world.run(REPLAY)
    assert len(world.sender.poster.calls) == 2
    assert len(world.sender.records.of("wh_a").attempts) == 2


async def test_attempts_come_at_the_times_of_the_schedule() -> None:
    world = World([500], Deaths())
    await world.run(FIRST)
    times = [int(headers["webhook-timestamp"]) - NOW for _, _, headers in world.sender.poster.calls]
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert [abs(wait - due) <= 1.1 for wait, due in zip(waits, SCHEDULE, strict=True)] == [True] * len(SCHEDULE)
