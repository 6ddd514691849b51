"""A retry that is scheduled, maybe twice, and those that are to take its place, side by side: one of them is made.

Senders run one call at a time in any order, die and are given their messages again; attempts last for up to 40 s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.webhook_sender.batch import process_batch
from functions.webhook_sender.catch_up.worker import CatchUpWorker
from functions.webhook_sender.health_cache import HealthCache
from functions.webhook_sender.services import Services
from functions.webhook_sender.slots import Slots
from shared.clock import iso, parse_iso
from shared.egress import EgressResponse
from shared.ids import first_id_at
from shared.models.catch_up import CatchUp
from shared.models.endpoint_health import EndpointHealth
from shared.models.webhook import Attempt, Delivery, DeliveryState, delivery_id
from shared.queues.deliveries import DeliveryTask
from shared.store.database import ConditionFailed
from tests.fakes.clock import NOW
from tests.fakes.webhooks import Fakes, a_record, a_webhook, an_event, fakes

VISIBILITY_S = 180.0
LASTS_S = 40.0
ROUND = 3
SCHEDULE = (1.0, 2.0, 40.0, 60.0, 400.0, 400.0)
EVENT = replace(an_event(), id=first_id_at("evt", NOW - 50))
BEHIND = EndpointHealth(behind_since=NOW - 100, catch_up_at=NOW)
JOB = CatchUp(tenant="acme", webhook_id="wh_a", at=NOW, until=NOW)


class Gated:
    """Each call of these waits for its turn, before its effect and after it."""

    def __init__(self, target: Any, world: World, *names: str) -> None:
        self._target, self._world, self._names = target, world, names

    def __getattr__(self, name: str) -> Callable[..., Any]:
        found = getattr(self._target, name)
        if name not in self._names:
            return found  # type: ignore[no-any-return]

        async def call(*given: Any, **named: Any) -> Any:
            await self._world.gate()
            result = await found(*given, **named)
            await self._world.gate()
            return result

        return call


@dataclass(eq=False)
class Message:
    task: DeliveryTask
    due: float
    receives: int = 0


@dataclass
class World:
    chance: Random
    deadly: bool
    made: Fakes = field(default_factory=lambda: fakes(a_webhook(health=BEHIND)))
    queue: list[Message] = field(default_factory=list)
    running: dict[asyncio.Task[Any], Message] = field(default_factory=dict)
    gates: list[asyncio.Future[None]] = field(default_factory=list)
    answers: list[asyncio.Future[None]] = field(default_factory=list)
    posts: int = 0
    wrong: list[str] = field(default_factory=list)
    failures: int = 3

    def __post_init__(self) -> None:
        due = NOW + self.chance.uniform(0, 60)
        delivery = Delivery(
            id=delivery_id(EVENT.id, "wh_a"),
            tenant="acme",
            webhook_id="wh_a",
            event_id=EVENT.id,
            event_type=EVENT.type,
            state=DeliveryState.RETRYING,
            created_at=iso(NOW),
            attempts=(Attempt(iso(NOW), 1, 500),),
            next_attempt_at=iso(due),
            instance=EVENT.instance,
            sequence=EVENT.sequence,
            round=ROUND,
        )
        self.made.records.found["wh_a", delivery.id] = delivery
        self.made.log.add(EVENT)
        scheduled = DeliveryTask("acme", EVENT.body(), "wh_a", attempt=ROUND, not_before=parse_iso(iso(due)))
        self.queue += [Message(scheduled, due) for _ in range(self.chance.choice([1, 1, 2]))]

    @property
    def record(self) -> Delivery:
        return self.made.records.of("wh_a")

    async def gate(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self.gates.append(turn)
        await turn

    async def post(self, url: str, body: bytes, headers: object) -> EgressResponse:
        if self.record.state is not DeliveryState.RETRYING:
            self.wrong.append("after a recorded success")
        if self.posts and not self.deadly:
            self.wrong.append("two at once")
        self.posts += 1
        answer = asyncio.get_running_loop().create_future()
        self.answers.append(answer)
        try:
            await answer
        finally:
            self.posts -= 1
        self.failures -= 1
        return EgressResponse(500 if self.failures > 0 and self.chance.random() < 0.5 else 200, 3, b"")

    def sender(self) -> Services:
        """Another process; nothing is shared but what the store and the queue hold."""
        made = self.made.services
        records = Gated(self.made.records, self, "get", "save", "reschedule", "take")
        care = HealthCache(self.made.health, self.made.clock)
        return replace(made, records=records, client=self, slots=Slots(25), health_cache=care, schedule=SCHEDULE)

    def receive(self) -> None:
        due = [one for one in self.queue if one.due <= self.made.clock.now + self.chance.uniform(0, 0.9)]
        if due:
            message = self.chance.choice(due)
            self.queue.remove(message)
            message.receives += 1
            named = str(id(message))
            record = a_record(message.task, receives=message.receives, sent_at=NOW - 10, message_id=named)
            self.running[asyncio.create_task(process_batch([record], self.sender()))] = message

    async def bring(self) -> None:
        """A page of a catch-up; a recovery has made it one that is on."""
        (row,) = self.made.endpoints.webhooks
        self.made.endpoints.webhooks = [replace(row, health=BEHIND)]
        catcher: CatchUpWorker = self.made.services.catch_up_worker
        await catcher.work_on(JOB)
        self._collect()

    async def go_on(self, futures: list[asyncio.Future[None]]) -> None:
        if futures:
            turn = futures.pop(self.chance.randrange(len(futures)))
            if not turn.done():
                turn.set_result(None)
        for _ in range(20):
            await asyncio.sleep(0)
        for task in [task for task in self.running if task.done()]:
            message = self.running.pop(task)
            if task.result()["batchItemFailures"]:
                self._comes_again(message)
        self._collect()

    async def die(self) -> None:
        if self.running and self.deadly:
            task = self.chance.choice(list(self.running))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._comes_again(self.running.pop(task))
            self._collect()

    async def wait(self) -> None:
        """Time passes; what is not an attempt takes none."""
        while self.gates:
            await self.go_on(self.gates)
        self.made.clock.now += self.chance.choice([0.2, 1.0, 5.0, LASTS_S if not self.answers else 5.0])

    async def end(self) -> None:
        for _ in range(400):
            while self.gates or self.answers:
                await self.go_on(self.gates or self.answers)
            if not self.queue and not self.running:
                return
            self.made.clock.now = max(self.made.clock.now, min((one.due for one in self.queue), default=0.0))
            for _ in range(len(self.queue)):
                self.receive()
            await self.go_on([])
        raise AssertionError("it never ends")

    async def stop(self) -> None:
        for task in self.running:
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)

    def _comes_again(self, message: Message) -> None:
        message.due = self.made.clock.now + VISIBILITY_S
        self.queue.append(message)

    def _collect(self) -> None:
        for tasks in (self.made.tasks, self.made.slow):
            self.queue += [Message(task, self.made.clock.now + delay_s) for task, delay_s in tasks.tasks]
            tasks.tasks.clear()


@settings(max_examples=40, deadline=None)
@given(chance=st.randoms(use_true_random=False), deadly=st.booleans())
async def test_of_those_at_one_time_one_is_made_and_none_is_lost(chance: Random, deadly: bool) -> None:
    world = World(chance, deadly)
    try:
        await live(world, chance)
        await world.end()
    finally:
        await world.stop()
    assert world.record.state is DeliveryState.DELIVERED
    assert world.record.round <= ROUND + 3
    assert world.record.early == 0
    assert world.wrong == []


async def test_a_place_that_was_taken_though_the_answer_got_lost_is_gone_on_with_by_one() -> None:
    lost = ["after claim"]

    def trap(step: str) -> None:
        if step in lost:
            lost.remove(step)
            raise ConditionFailed  # what is sent once more finds its own write

    world = World(Random(1), deadly=False)  # noqa: S311 - the same each time
    world.made.records.trap = trap
    scheduled = world.queue[0].task
    early = replace(scheduled, instead_of=NOW + 900, not_before=NOW)
    world.made.records.found = {
        key: replace(one, next_attempt_at=iso(NOW + 900)) for key, one in world.made.records.found.items()
    }
    await process_batch([a_record(early)], world.made.services)
    ((task, delay_s),) = world.made.tasks.tasks
    assert (world.made.poster.calls, lost) == ([], [])
    world.made.clock.now += delay_s
    twins = [a_record(task, message_id="m2", sent_at=NOW), a_record(task, message_id="m3", sent_at=NOW)]
    await process_batch(twins, world.made.services)
    assert (len(world.made.poster.calls), world.record.state) == (1, DeliveryState.DELIVERED)


async def test_a_place_that_a_twin_has_taken_is_left_to_it() -> None:
    world = World(Random(1), deadly=False)  # noqa: S311 - the same each time
    early = replace(world.queue[0].task, instead_of=NOW + 900, not_before=NOW)
    world.made.records.found = {
        key: replace(one, next_attempt_at=iso(NOW + 900)) for key, one in world.made.records.found.items()
    }
    await process_batch([a_record(early, message_id=name) for name in ("m1", "m2")], world.made.services)
    assert len(world.made.poster.calls) == 1
    assert len(world.made.tasks.tasks) <= 1
    for task, delay_s in list(world.made.tasks.tasks):
        world.made.clock.now += delay_s
        await process_batch([a_record(task, message_id="m3")], world.made.services)
    assert len(world.made.poster.calls) == 1


async def live(world: World, chance: Random) -> None:
    """What happens next is drawn."""
    for _ in range(chance.randrange(60)):
        match chance.randrange(12):
            case 0 | 1:
                await world.bring()
            case 2 | 3 | 4:
                world.receive()
            case 5:
                await world.wait()
            case 6:
                await world.go_on(world.answers)
            case 7:
                await world.die()
            case _:
                await world.go_on(world.gates)
