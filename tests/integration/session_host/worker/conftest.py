"""A real worker over MiniStack, with WhatsApp played by the fakes."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from session_host.worker.context import WorkerContext
from session_host.worker.ledger import Fenced, Ledger
from session_host.worker.outbox import Outbox
from session_host.worker.proxies import Proxies
from session_host.worker.worker import Worker
from shared.clock import SystemClock, iso
from shared.egress import EgressPolicy
from shared.ids import first_id_at, new_id
from shared.models.command import Command, CommandKind
from shared.models.host import Lease
from shared.models.instance import Instance, InstanceKey, InstanceState
from shared.models.message import Message, MessageState, OnUncertain, Step
from shared.queues.commands import CommandQueues
from shared.queues.dead import DeadCommands
from shared.queues.deliveries import DeliveryQueue, DeliveryTask, decode
from shared.queues.names import COMMANDS_DEAD, DELIVERIES, commands_name, open_queue
from shared.queues.queue import Queue, Received
from shared.store.cache import Cache, CacheKind
from shared.store.database import Update
from shared.store.events import Events
from shared.store.instances import Instances
from shared.store.messages import IdempotencyKey, Messages
from shared.store.partitions import Partitions
from shared.vault import Vault, new_key
from tests.conftest import Deployment
from tests.fakes.rights import Rights
from tests.fakes.whatsapp import FakePairingDesk, FakeWhatsApp

PATIENCE_S = 60.0


async def eventually(look: Callable[[], Any]) -> Any:
    """What `look` gives (or its awaitable) once it is true."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = look()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return found
            await asyncio.sleep(0.02)


def _code_of(task: asyncio.Task[Any]) -> CodeType:
    coroutine = task.get_coro()
    assert inspect.iscoroutine(coroutine)
    return coroutine.cr_code


class Ahead(SystemClock):
    """The machine's clock, or one that is `s` seconds ahead of it."""

    s = 0.0

    def unix(self) -> float:
        return super().unix() + self.s


class Names:
    """A name server that knows one name, wherever it leads at the moment."""

    leads_to = "127.0.0.1"

    async def addresses(self, host: str, port: int) -> list[str]:
        if host != "proxy.example.com":
            raise OSError("no such name")
        return [self.leads_to]

    async def close(self) -> None:
        """Nothing to close."""


class Bench:
    """What a test does to a worker and sees of it."""

    def __init__(self, deployment: Deployment, folder: Path, commands: Queue, deliveries: Queue, dead: Queue) -> None:
        self.clock = Ahead()
        self.database = deployment.database
        self.whatsapp, self.desk = FakeWhatsApp(self.clock.unix), FakePairingDesk()
        self.instances = Instances(deployment.database)
        self.messages, self.events = Messages(deployment.database), Events(deployment.database)
        self.cache = Cache(deployment.database, self.clock)
        self.partitions = Partitions(deployment.database, deployment.partitions)
        self.vault = Vault.from_text(new_key())
        self.names = Names()
        self.folder, self.commands, self.deliveries, self.dead = folder, commands, deliveries, dead
        self.crashes: list[BaseException] = []
        self.sender = CommandQueues(lambda _partition: commands)
        self._sqs = deployment.sqs

    async def take_lease(self) -> Lease:
        """Makes this the owner of partition 0."""
        return await self.partitions.take((await self.partitions.leases())[0], "host-a")

    @asynccontextmanager
    async def worker(self, lease: Lease | None = None, *, dies: bool = False) -> AsyncIterator[Worker]:
        """A worker that owns partition 0; drained at the end unless it was fenced or `dies` right there."""
        lease = lease or await self.take_lease()
        outbox = Outbox(0, DeliveryQueue(self.deliveries), await self.partitions.outbox(0))
        ledger = Ledger(self.database, lease, self.clock, outbox)
        context = WorkerContext(
            host_id="host-a",
            session_dir=self.folder,
            whatsapp=self.whatsapp,
            desk=self.desk,
            ledger=ledger,
            instances=self.instances,
            messages=self.messages,
            cache=self.cache,
            dead=DeadCommands(self.dead),
            vault=self.vault,
            proxies=Proxies(EgressPolicy.local(), self.names),
            clock=self.clock,
            uniform=lambda: 0.5,
            reported=lambda: None,
            crashed=self.crashes.append,
        )
        worker = Worker(0, self.commands, context)
        tasks = [context.spawn(ledger.run()), context.spawn(outbox.run())]
        await outbox.recover(self.events)
        await worker.start()
        try:
            yield worker
        finally:
            if dies:
                await self._kill()
            elif not any(isinstance(crash, Fenced) for crash in self.crashes):
                await worker.drain()
                await ledger.flushed()
                await outbox.flushed()
                await ledger.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def hide_commands_for(self, seconds: int) -> None:
        """How long a dead worker's commands stay hidden."""
        await self._sqs.set_queue_attributes(QueueUrl=self.commands.url, Attributes={"VisibilityTimeout": str(seconds)})

    async def _kill(self) -> None:
        """Ends every task of the worker at once."""
        running = [task for task in asyncio.all_tasks() if "/tests/" not in _code_of(task).co_filename]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def create(self, name: str = "shop-1", *, linked: bool = False) -> Instance:
        """An instance on partition 0, new or as if it had been connected yesterday."""
        state = InstanceState.CONNECTED if linked else InstanceState.CREATED
        made = Instance(tenant="acme", id=name, partition=0, created_at=iso(0), state=state, linked=linked)
        return await self.instances.create(made, 1)

    async def command(self, kind: CommandKind, key: InstanceKey, **args: Any) -> str:
        """Sends a command; gives back its id."""
        command = Command(new_id("cmd"), kind, key, args)
        await self.sender.send(0, command)
        return command.id

    async def result(self, command_id: str) -> dict[str, Any]:
        """The result that a command left."""
        found: dict[str, Any] = await eventually(lambda: self.cache.get(CacheKind.RESULT, command_id))
        return found

    async def accept(self, key: InstanceKey, text: str = "hi", *, made_at: float | None = None, **options: Any) -> str:
        """Stores a message, as the API does first; gives back its id."""
        at = made_at or self.clock.unix()
        message_id = new_id("msg") if made_at is None else first_id_at("msg", made_at)
        idempotency = options.get("idempotency_key")
        message = Message(
            id=message_id,
            instance=str(key),
            to="4915550002",
            type="text",
            content={"text": text},
            state=MessageState.ACCEPTED,
            timeline=(Step(MessageState.ACCEPTED, iso(at)),),
            on_uncertain=OnUncertain(options.get("on_uncertain", OnUncertain.HOLD)),
            deadline=options.get("deadline"),
        )
        await self.messages.accept(message, at, IdempotencyKey(idempotency, "digest") if idempotency else None)
        return message.id

    async def queue(self, key: InstanceKey, message_id: str, text: str = "hi", **options: Any) -> None:
        """Puts a message's command on the queue, as the API does then."""
        args = {"message_id": message_id, "to": "4915550002", "type": "text", "content": {"text": text}, **options}
        await self.sender.send(0, Command(new_id("cmd"), CommandKind.SEND, key, args), message_id)

    async def send(self, key: InstanceKey, text: str = "hi", **options: Any) -> str:
        """Accepts a message and puts its command on the queue; gives back its id."""
        message_id = await self.accept(key, text, **options)
        await self.queue(key, message_id, text, **options)
        return message_id

    async def move(self, instance: Instance, partition: int) -> None:
        """Puts an instance on another partition, which nothing but a deletion and a creation does."""
        key = {"tenant": instance.tenant, "id": instance.id}
        await self.database.write(Update("instances", key, sets={"partition": partition}))

    async def message_is(self, key: InstanceKey, message_id: str, state: MessageState) -> Message:
        """The message once it is in a state."""

        async def look() -> Message | None:
            found = await self.messages.get(str(key), message_id)
            return found if found and found.state is state else None

        found: Message = await eventually(look)
        return found

    async def instance_is(self, key: InstanceKey, state: InstanceState) -> Instance:
        """The instance once it is in a state."""

        async def look() -> Instance | None:
            found = await self.instances.get(key)
            return found if found and found.state is state else None

        found: Instance = await eventually(look)
        return found

    async def logged(self, key: InstanceKey) -> list[dict[str, Any]]:
        """The instance's whole event log."""
        return [json.loads(body) for body in await self.events.after(str(key), 0, 1000)]

    async def died(self) -> dict[str, Any]:
        """The next command on the dead-letter queue, taken off it."""
        received: list[Received] = await eventually(lambda: self.dead.receive(wait_s=1))
        await self.dead.delete([received[0].handle])
        found: dict[str, Any] = json.loads(received[0].body)
        return found

    async def delivered(self) -> list[DeliveryTask]:
        """What is on the delivery queue, taken off it."""
        found: list[DeliveryTask] = []
        while batch := await self.deliveries.receive(wait_s=0):
            found += [decode(received.body) for received in batch]
            await self.deliveries.delete([received.handle for received in batch])
        return found


@pytest.fixture
async def bench(deployment: Deployment, tmp_path: Path) -> AsyncIterator[Bench]:
    """A deployment without a worker yet. What workers do there is held to what a host may do on AWS."""
    prefix = deployment.settings.prefix
    rights = Rights(prefix)
    sqs = rights.hold(deployment.sqs)
    commands = await open_queue(sqs, prefix, commands_name(0))
    deliveries = await open_queue(sqs, prefix, DELIVERIES.name)
    dead = await open_queue(sqs, prefix, COMMANDS_DEAD.name)
    held = replace(deployment, database=rights.database(deployment.database), sqs=sqs)
    yield Bench(held, tmp_path, commands, deliveries, dead)
    assert rights.exceeded == set()
