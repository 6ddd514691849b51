"""A session host for the API's tests: takes commands from the real queues and answers as the contract says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from shared.clock import SystemClock, iso
from shared.ids import new_id
from shared.models.command import Command, CommandKind, CommandResult
from shared.models.event import Event, EventType
from shared.models.instance import InstanceKey, InstanceState, JournalEntry
from shared.queues.commands import decode
from shared.queues.names import commands_name, open_queue
from shared.queues.queue import Queue
from shared.reasons import reason
from shared.store.cache import Cache, CacheKind
from shared.store.cache_numbers import number_name, number_value
from shared.store.events import event_put, journal_put
from shared.store.instances import Instances, state_update
from tests.conftest import Deployment

Answer = Callable[[Command], Awaitable[CommandResult | None]]

PATIENCE_S = 60.0
CODE_S = 120.0  # longer than a test takes: none of them waits for its end


@dataclass
class FakeWorker:
    """Carries commands out; `answers` overrides what it does for a kind, `seen` has all it took, in order, and
    `registered` are the numbers that are on WhatsApp."""

    deployment: Deployment
    answers: dict[CommandKind, Answer] = field(default_factory=dict)
    seen: list[Command] = field(default_factory=list)
    registered: set[str] = field(default_factory=set)
    clock: SystemClock = field(default_factory=SystemClock)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        self.cache = Cache(self.deployment.database, self.clock)
        self.instances = Instances(self.deployment.database)

    async def run(self) -> None:
        """Works until cancelled."""
        prefix, count = self.deployment.settings.prefix, self.deployment.partitions
        queues = [await open_queue(self.deployment.sqs, prefix, commands_name(number)) for number in range(count)]
        async with asyncio.TaskGroup() as group:
            for queue in queues:
                group.create_task(self._work(queue))

    def kinds(self) -> Sequence[CommandKind]:
        """The kinds of all commands so far."""
        return [command.kind for command in self.seen]

    async def took(self, count: int, kind: CommandKind) -> list[Command]:
        """The commands of a kind, once there are `count`."""

        def enough() -> bool:
            return self.kinds().count(kind) >= count

        async with asyncio.timeout(PATIENCE_S), self.changed:
            await self.changed.wait_for(enough)
        return [command for command in self.seen if command.kind is kind]

    async def link(self, command: Command) -> CommandResult:
        """A pairing that succeeds at once."""
        await self.connect(command.instance.tenant, command.instance.id)
        return CommandResult(True)

    async def connect(self, tenant: str, instance_id: str, state: InstanceState = InstanceState.CONNECTED) -> None:
        """Puts an instance into a state with a phone."""
        key = InstanceKey(tenant, instance_id)
        identity: dict[str, Any] = {"linked": True, "phone": "351912345678", "jid": "351912345678@s.whatsapp.net"}
        await self.deployment.database.write(state_update(key, state, iso(self.clock.unix()), **identity))

    async def idle(self, tenant: str, instance_id: str) -> None:
        """Ends an instance's pairing: its code has expired."""
        key = InstanceKey(tenant, instance_id)
        why = reason("qr_expired")
        await self.deployment.database.write(state_update(key, InstanceState.DISCONNECTED, iso(self.clock.unix()), why))
        await self.cache.delete(CacheKind.QR, str(key))

    async def journal(self, tenant: str, instance_id: str, number: int) -> None:
        """Notes a change of the connection."""
        entry = JournalEntry(iso(self.clock.unix()), InstanceState.DISCONNECTED, "qr_expired", f"change {number}")
        key = InstanceKey(tenant, instance_id)
        await self.deployment.database.write(journal_put(key, entry, number + 1, self.clock.unix()))

    async def event(self, tenant: str, instance_id: str, sequence: int) -> Event:
        """Logs an event."""
        event = Event(
            new_id("evt"), EventType.MESSAGE_RECEIVED, iso(self.clock.unix()), {"n": sequence}, instance_id, sequence
        )
        await self.deployment.database.write(event_put(InstanceKey(tenant, instance_id), event, self.clock.unix()))
        return event

    async def shows_code(self, tenant: str, instance_id: str, sequence: int) -> Event:
        """Logs that there is a code to scan."""
        data = {"code": "2@fresh", "expires_at": iso(self.clock.unix() + CODE_S)}
        event = Event(new_id("evt"), EventType.INSTANCE_QR, iso(self.clock.unix()), data, instance_id, sequence)
        await self.deployment.database.write(event_put(InstanceKey(tenant, instance_id), event, self.clock.unix()))
        return event

    async def _work(self, queue: Queue) -> None:
        while True:
            for received in await queue.receive(wait_s=2):
                command = decode(received.body)
                answer = self.answers.get(command.kind, self._default)
                result = await answer(command)
                if result is not None:
                    await self.cache.put(CacheKind.RESULT, command.id, asdict(result), 60)
                await queue.delete([received.handle])
                async with self.changed:
                    self.seen.append(command)
                    self.changed.notify_all()

    async def _default(self, command: Command) -> CommandResult | None:
        if command.kind is CommandKind.PAIR:
            value = {"code": "2@fresh", "expires_at": self.clock.unix() + CODE_S}
            await self.cache.put(CacheKind.QR, str(command.instance), value, CODE_S)
        if command.kind is CommandKind.COLLECT_GARBAGE:
            return CommandResult(True, {"before": 2, "after": 1})
        if command.kind is CommandKind.PAIR_CODE:
            return CommandResult(True, {"code": "ABCD-1234", "expires_at": self.clock.unix() + 160})
        if command.kind is CommandKind.CHECK_NUMBERS:
            return await self._check(command)
        if command.kind is CommandKind.DELETE:
            found = await self.instances.get_any(command.instance)
            if found is not None:
                await self.instances.erase(found)
        return None if command.kind is CommandKind.SEND else CommandResult(True)

    async def _check(self, command: Command) -> CommandResult:
        """By the last form of each number."""
        forms: dict[str, str] = {one[0]: one[-1] for one in command.args["numbers"]}
        jids = {name: f"{form}@s.whatsapp.net" if form in self.registered else None for name, form in forms.items()}
        values = {number_name(command.instance.tenant, name): number_value(jid) for name, jid in jids.items()}
        await self.cache.put_many(CacheKind.NUMBERS, values)
        return CommandResult(True, {"jids": jids})
