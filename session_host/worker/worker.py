"""A worker's life: take the partition up, carry out commands, drain."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import replace
from functools import partial

from session_host.worker.commands import carry_out, leave_result
from session_host.worker.consumer import Consumer
from session_host.worker.context import Held, WorkerContext
from session_host.worker.outgoing import OutgoingMessage
from session_host.worker.patience import until_available
from session_host.worker.runner import Runner
from shared.models.command import Command, CommandKind, CommandResult
from shared.models.instance import Instance, InstanceKey
from shared.queues.queue import Queue, Received

logger = logging.getLogger(__name__)

LAST_CONTROL_S = 10.0  # how long a drain waits for commands under way
START_AT_ONCE = 16  # sessions that connect side by side when a partition is taken up
GONE = CommandResult(False, code="not-found", detail="The instance is gone.")


class Worker:
    """All instances of one partition. Build, `start`, then `drain`."""

    def __init__(self, partition: int, queue: Queue, context: WorkerContext) -> None:
        self._partition = partition
        self._context = context
        self._runners: dict[InstanceKey, Runner] = {}
        self._loading: dict[InstanceKey, asyncio.Lock] = {}
        self._consumer = Consumer(queue, self._dispatch)
        self._tasks: list[asyncio.Task[None]] = []
        self._controls: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Loads the partition's instances, connects the linked ones and begins to take commands."""
        instances = await until_available(partial(self._context.instances.of_partition, self._partition))
        gate = asyncio.Semaphore(START_AT_ONCE)

        async def take_up(instance: Instance) -> None:
            async with gate:
                await self._add(instance)

        await asyncio.gather(*(take_up(instance) for instance in instances if not instance.deleting))
        logger.info("partition %d: %d instances taken up", self._partition, len(self._runners))
        self._tasks = [
            self._context.spawn(work)
            for work in (self._consumer.run(), self._consumer.settle_all(), self._consumer.keep_all())
        ]

    async def drain(self) -> None:
        """Takes no more commands, ends those in hand, closes the sockets; every device stays linked."""
        receiving, settling, keeping = self._tasks
        self._consumer.stop()
        await asyncio.gather(receiving, self._end_controls())
        await asyncio.gather(*(runner.stop() for runner in self._runners.values()))
        keeping.cancel()
        await self._consumer.finish()
        settling.cancel()

    def states(self) -> dict[str, int]:
        """How many instances are in each state."""
        return dict(Counter(str(runner.instance.state) for runner in self._runners.values()))

    async def _end_controls(self) -> None:
        """Commands that take too long are broken off; not settled, they come again to the next owner."""
        if self._controls:
            _, late = await asyncio.wait(set(self._controls), timeout=LAST_CONTROL_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _dispatch(self, held: Held[Command], received: Received) -> None:
        task = self._context.spawn(self._carry_out(held, received))
        self._controls.add(task)
        task.add_done_callback(self._controls.discard)

    async def _carry_out(self, held: Held[Command], received: Received) -> None:
        command = held.value
        runner = await self._runner(command.instance, deleting=command.kind is CommandKind.DELETE)
        if runner is None:
            await leave_result(command, GONE, self._context)
        elif command.kind is CommandKind.SEND:
            try:
                message = OutgoingMessage.of(command.args, received.sent_at)
            except (KeyError, TypeError, ValueError) as error:
                logger.error("%s: a message that cannot be sent is dropped: %s", command.instance, error)
            else:
                runner.enqueue(Held(message, held.settle, held.give_back))
                return
        else:
            await carry_out(runner, command, received.receives, self._context)
            if command.kind is CommandKind.DELETE and await self._is_gone(runner):
                await self._remove(runner)
        held.settle()

    async def _runner(self, key: InstanceKey, *, deleting: bool) -> Runner | None:
        """The instance's runner, made when its first command comes; None when there is no such instance."""
        async with self._loading.setdefault(key, asyncio.Lock()):
            if key not in self._runners:
                instance = await until_available(partial(self._context.instances.get_any, key))
                if instance is None or instance.partition != self._partition or (instance.deleting and not deleting):
                    return None
                await self._add(instance)
            return self._runners[key]

    async def _add(self, instance: Instance) -> None:
        runner = self._runners[instance.key] = Runner(instance, self._context)
        await runner.start()
        self._context.reported()

    async def _is_gone(self, runner: Runner) -> bool:
        get = partial(self._context.instances.get_any, runner.instance.key)
        return await until_available(get) is None

    async def _remove(self, runner: Runner) -> None:
        self._runners.pop(runner.instance.key, None)
        runner.instance = replace(runner.instance, linked=False)
        await runner.stop()
        self._context.ledger.forget(runner.instance.key)
        self._context.reported()
