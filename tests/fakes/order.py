"""A small world for events in order: senders that run side by side, one step at a time, and die; a queue that gives
messages late, twice and out of order, and gives up on them; an endpoint that fails, or wants to hear no more; time.

What happens next is drawn from `chance`, so that a run can be repeated and made smaller.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from random import Random
from typing import Any

from functions.webhook_sender.batch import process_batch
from functions.webhook_sender.catch_up.early_retries import NEAR_S
from functions.webhook_sender.catch_up.worker import MOST_EARLY
from functions.webhook_sender.health_cache import HealthCache
from functions.webhook_sender.lane import Lane
from functions.webhook_sender.ordered.holds import Holds
from functions.webhook_sender.services import Services
from functions.webhook_sender.slots import Slots
from shared.clock import parse_iso
from shared.egress import EgressResponse
from shared.models.endpoint_health import EndpointHealth
from shared.models.event import Event
from shared.models.webhook import DeliveryState, Webhook
from shared.queues.deliveries import DeliveryTask
from shared.queues.queue import QueueError
from shared.store.database import StoreUnavailable
from tests.fakes.webhooks import Fakes, FakeTasks, a_record, fakes

VISIBILITY_S = 180.0
ALIVE_S = 55.0  # no batch is at work for longer
STALL_S = 44.0
MOST_RECEIVES = 10
SCHEDULE = (1.0, 2.0, 40.0, 300.0)
SENDERS = 3
FAULTS = 0.02


class Gated:
    """Stands in front of a fake: each call waits for its turn, before its effect and after it; there it may fail."""

    def __init__(self, target: Any, gate: Callable[[Exception | None], Awaitable[None]]) -> None:
        self._target = target
        self._gate = gate
        faults = {FakeTasks: QueueError("away"), Receiver: None}
        self._fault = faults.get(type(target), StoreUnavailable("away"))

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*given: Any, **named: Any) -> Any:
            await self._gate(self._fault)
            try:
                return await getattr(self._target, name)(*given, **named)
            finally:
                await self._gate(self._fault)

        return call


@dataclass(eq=False)
class Message:
    task: DeliveryTask
    lane: Lane
    due: float
    sent_at: float
    name: str
    receives: int = 0


@dataclass(eq=False)
class Sender:
    """A process; `gates` are the calls that wait for their turn. Nothing goes on in it until `stalled_until`."""

    services: Services
    stalled_until: float = 0.0
    gates: list[tuple[asyncio.Future[None], Exception | None]] = field(default_factory=list)
    batches: dict[asyncio.Task[Any], tuple[float, list[Message]]] = field(default_factory=dict)

    async def gate(self, fault: Exception | None) -> None:
        turn = asyncio.get_running_loop().create_future()
        self.gates.append((turn, fault))
        await turn


@dataclass
class Receiver:
    """The endpoint: fails as chance has it, is `gone` when it is told to, and notes what comes."""

    chance: Random
    failing: float
    gone: bool = False
    heard: list[int] = field(default_factory=list)
    succeeded: Counter[int] = field(default_factory=Counter)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> EgressResponse:
        sequence = json.loads(body)["sequence"]
        self.heard.append(sequence)
        if self.gone:
            return EgressResponse(410, 3, b"")
        if self.chance.random() < self.failing:
            asks = {"retry-after": "20"} if self.chance.random() < 0.2 else {}
            return EgressResponse(503, 3, b"", asks)
        self.succeeded[sequence] += 1
        return EgressResponse(200, 3, b"")


class World:
    """Some senders and one endpoint."""

    def __init__(self, chance: Random, webhook: Webhook, *, deaths: int, faulty: bool = False) -> None:
        self.chance = chance
        self.deaths = deaths
        self.faulty = faulty
        self.most_receives = MOST_RECEIVES
        self.died = 0
        self.more: Counter[int] = Counter()  # how often an event may be delivered once more: replays, and twins
        self.mortal = deaths > 0 or faulty
        self.receiver = Receiver(chance, failing=chance.choice([0.0, 0.2, 0.5]))
        self.fakes: Fakes = fakes(webhook, schedule=SCHEDULE)
        self.clock = self.fakes.clock
        self.queue: list[Message] = []
        self._names = count()
        self.dead: list[DeliveryTask] = []
        self._senders = [self._sender() for _ in range(SENDERS)]

    def _sender(self) -> Sender:
        sender = Sender(self.fakes.services)
        made = self.fakes.services
        parts: dict[str, Any] = {"client": Gated(self.receiver, sender.gate)}
        parts |= {
            name: Gated(getattr(made, name), sender.gate)
            for name in ("records", "tasks", "slow", "dead", "chains", "log", "endpoints")
        }
        sender.services = replace(
            made,
            **parts,
            health_cache=HealthCache(self.fakes.health, self.clock),
            slots=Slots(25),
            holds=Holds(),
        )
        return sender

    def happen(self, event: Event) -> None:
        """An event is logged and put on the queue."""
        self.fakes.log.add(event)
        self.put(DeliveryTask("acme", event.body()), self.chance.choice([0, 0, 0, 3]))

    def put(self, task: DeliveryTask, delay_s: float = 0, lane: Lane = Lane.FAST) -> None:
        self.queue.append(Message(task, lane, self.clock.now + delay_s, self.clock.now, f"m{next(self._names)}"))

    def change(self, **fields: Any) -> None:
        """Changes the endpoint."""
        self.fakes.endpoints.webhooks[0] = replace(self.fakes.endpoints.webhooks[0], **fields)

    def narrow(self, events: tuple[str, ...]) -> None:
        """Its owner has it ask for less."""
        self.change(events=events, matched_since=self.clock.now)

    def wake(self) -> None:
        """What a change brings about: those chains go on that have an event behind their cursor, though they wait."""
        bodies = self.fakes.log.bodies
        for (tenant, webhook_id, instance), chain in self.fakes.chains.found.items():
            if body := bodies.get((instance, chain.cursor + 1)):
                self.put(DeliveryTask(tenant, body, webhook_id, chained=True, instead_of=chain.waits_until))

    def revive(self) -> None:
        """Its owner enables the endpoint."""
        self.receiver.gone = False
        at = self.clock.now
        self.change(enabled=True, health=EndpointHealth(behind_since=at, catch_up_at=at))
        self.wake()

    def replay(self) -> None:
        """Some event that was attempted is asked for once more."""
        if records := list(self.fakes.records.found.values()):
            chosen = self.chance.choice(records)
            body = self.fakes.log.bodies[chosen.instance or "", chosen.sequence or 0]
            asked_at = self.clock.now
            self.put(DeliveryTask(chosen.tenant, body, chosen.webhook_id, forced=True, asked_at=asked_at))
            self.more[chosen.sequence or 0] += 1

    def bring_forward(self) -> None:
        """The endpoint does well again: what waits is tried now (catch_up/early_retries.py)."""
        now = self.clock.now
        for one in self.fakes.records.found.values():
            due = parse_iso(one.next_attempt_at) if one.next_attempt_at else 0.0
            if one.state is DeliveryState.RETRYING and due - now > NEAR_S and one.early < MOST_EARLY:
                body = self.fakes.log.bodies[one.instance or "", one.sequence or 0]
                task = DeliveryTask(one.tenant, body, one.webhook_id, attempt=one.round, not_before=round(now, 3))
                self.put(replace(task, instead_of=due))

    def redrive(self) -> None:
        """All of the dead-letter queue is moved back."""
        for task in self.dead + [task for task, _ in self.fakes.dead.tasks]:
            self.put(task)
        self.dead.clear()
        self.fakes.dead.tasks.clear()

    async def step(self) -> None:
        """Something happens."""
        act = self.chance.choices(
            [self._go_on, self._receive, self._pass_time, self._die, self._be_slow, self._stall],
            [30, 10, 3, 1, 0.3, 0.2],
        )[0]
        if act():
            await self._spin()

    async def rest(self) -> None:
        """All that are at work end that, and nobody begins."""
        while self._running():
            if self.chance.choice([self._go_on, self._go_on, self._pass_time])():
                await self._spin()

    async def end(self, most: int = 20_000) -> None:
        """Goes on, without another death, until no message is left."""
        self.deaths, self.faulty = 0, False
        for _ in range(most):
            if not self.queue and not self._running():
                self._check_none_is_left()
                return
            if self.queue and not self._running() and not self._due():
                self.clock.now = min(message.due for message in self.queue)
            await self.step()
        raise AssertionError(f"comes to no end: {self.queue[:3]}")

    def _check_none_is_left(self) -> None:
        """What is pending or retrying has a task that comes, unless the queue gave up on it or its endpoint is off."""
        if self.dead or not self.fakes.endpoints.webhooks[0].active:
            return
        waiting = DeliveryState.PENDING, DeliveryState.RETRYING
        left = [one for one in self.fakes.records.found.values() if one.state in waiting]
        assert not left, f"nobody comes for {left[:3]}"

    def _go_on(self) -> bool:
        """Like all that may happen says whether it sets something in motion."""
        gates = [(sender, gate) for sender in self._awake() for gate in sender.gates]
        if gates:
            sender, gate = self.chance.choice(gates)
            sender.gates.remove(gate)
            turn, fault = gate
            if fault and self.faulty and self.chance.random() < FAULTS:
                turn.set_exception(fault)
            elif not turn.done():
                turn.set_result(None)
        return bool(gates)

    def _receive(self) -> bool:
        for message in [message for message in self._due() if message.receives >= self.most_receives]:
            self.queue.remove(message)
            self.dead.append(message.task)
        due = self._due()
        if not due:
            return False
        sender = self.chance.choice(self._awake() or self._senders)
        batch = self.chance.sample(due, min(len(due), self.chance.randint(1, 4)))
        records = []
        for message in batch:
            message.receives += 1
            twice = not self.mortal and self.chance.random() < 0.03  # its twin would delete what a dead one left
            message.due = self.clock.now + (0 if twice else VISIBILITY_S)
            self.more[json.loads(message.task.event)["sequence"]] += twice
            task, lane = message.task, message.lane
            sent = {"receives": message.receives, "sent_at": message.sent_at, "message_id": message.name}
            records.append(a_record(task, lane=lane, **sent))  # type: ignore[arg-type]
        work = process_batch(records, sender.services)
        sender.batches[asyncio.create_task(work)] = self.clock.now, batch
        return True

    def _pass_time(self) -> bool:
        step = self.chance.choice([0.3, 1.0, 4.0] if len(self._awake()) == SENDERS else [10.0])
        begun = [at for sender in self._senders for at, _ in sender.batches.values()]
        if self.clock.now + step - min(begun, default=self.clock.now) < ALIVE_S:
            self.clock.now += step
        return False

    def _die(self) -> bool:
        sender = self.chance.choice(self._senders)
        if not self.deaths or not sender.batches:
            return False
        self.deaths -= 1
        self.died += 1
        for task in sender.batches:
            task.cancel()
        for turn, _ in sender.gates:
            turn.cancel()
        self._senders[self._senders.index(sender)] = self._sender()
        return True

    def _be_slow(self) -> bool:
        health = self.fakes.endpoints.webhooks[0].health
        self.change(health=replace(health, slow_since=self.clock.now, slow_until=self.clock.now + 10))
        return False

    def _stall(self) -> bool:
        """An answer lets wait for itself, while the other processes go on."""
        busy = [sender for sender in self._awake() if sender.gates]
        if len(self._awake()) == SENDERS and busy:
            slow = self.chance.choice(busy)
            slow.stalled_until = min(at for at, _ in slow.batches.values()) + STALL_S
        return False

    def _awake(self) -> list[Sender]:
        return [sender for sender in self._senders if sender.stalled_until <= self.clock.now]

    def _due(self) -> list[Message]:
        return [message for message in self.queue if message.due <= self.clock.now]

    def _running(self) -> bool:
        return any(sender.batches for sender in self._senders)

    async def _spin(self) -> None:
        for _ in range(6):
            await asyncio.sleep(0)
        for sender in self._senders:
            for task in [task for task in sender.batches if task.done()]:
                self._settle(task.result(), sender.batches.pop(task)[1])
        for queued, lane in ((self.fakes.tasks, Lane.FAST), (self.fakes.slow, Lane.SLOW)):
            for put, delay_s in queued.tasks:
                self.put(put, delay_s, lane)
            queued.tasks.clear()

    def _settle(self, answer: Mapping[str, Any], batch: list[Message]) -> None:
        failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        for message in batch:
            if message.name not in failed and message in self.queue:
                self.queue.remove(message)
