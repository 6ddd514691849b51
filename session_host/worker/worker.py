"""A worker's life: take the partition up, carry out commands, drain."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from session_host.until import until
from session_host.worker.commands import carry_out
from session_host.worker.consumer import Consumer, Unreadable
from session_host.worker.context import Held, WorkerContext
from session_host.worker.dead import bury, carry_to_end
from session_host.worker.faults import MOST_TRIES, Fault, attempt, contained
from session_host.worker.garbage import Garbage
from session_host.worker.hand import Hand
from session_host.worker.outgoing import OutgoingMessage
from session_host.worker.patience import until_available
from session_host.worker.results import leave_result
from session_host.worker.runner import Runner
from session_host.worker.settling import DELETED, Settling
from session_host.worker.sweep.sweeper import Sweeper, sweep_deleted
from shared.logs import bind, note
from shared.models.command import Command, CommandKind, CommandResult
from shared.models.instance import Instance, InstanceKey, InstanceState
from shared.queues.commands import about
from shared.queues.queue import Queue, Received
from shared.tracing import Kind, trace_id_of, within

logger = logging.getLogger(__name__)

LAST_CONTROL_S = 10.0  # how long a drain waits for commands under way
LAST_MESSAGES_S = 1.0  # how long it goes on to send what it has taken
UNREADABLE_PAUSE_S = 5.0
LOOK_AGAIN_S = 2.0
GONE = CommandResult(False, code="not-found", detail="The instance is gone.")


class Worker:
    """All instances of one partition. Build, `start`, then `drain`."""

    def __init__(self, partition: int, queue: Queue, context: WorkerContext) -> None:
        self._partition = partition
        self._context = context
        self._runners: dict[InstanceKey, Runner] = {}
        self._loading: dict[InstanceKey, asyncio.Lock] = {}
        self._hand = Hand(context.clock.monotonic)
        self._garbage = Garbage(context)
        self._consumer = Consumer(queue, self._hand, context.clock.monotonic, self._dispatch)
        self._sweeper = Sweeper(context, queue, self._hand, lambda: self._runners)
        self._tasks: list[asyncio.Task[None]] = []
        self._controls: set[asyncio.Task[None]] = set()
        self._periodic: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()

    async def start(self) -> None:
        """Loads the partition's instances, connects the linked ones and begins to take commands."""
        instances = await until_available(partial(self._context.instances.of_partition, self._partition))
        there = [one for one in instances if not one.deleting]
        await self._context.ledger.read_ahead([one.key for one in there])
        await asyncio.gather(*map(self._add, there))
        sweeping = self._sweep([one.key for one in instances if one.deleting])
        self._periodic = [self._context.spawn(work) for work in (sweeping, self._look_again())]
        logger.info("partition %d: %d instances taken up", self._partition, len(self._runners))
        self._tasks = [
            self._context.spawn(work)
            for work in (self._consumer.run(), self._consumer.settle_all(), self._consumer.keep_all())
        ]

    async def drain(self) -> None:
        """Takes no more commands, ends those in hand, closes the sockets; every device stays linked."""
        receiving, settling, keeping = self._tasks
        for task in self._periodic:
            task.cancel()
        self._stopping.set()
        await self._end_receiving(receiving)
        await self._end_controls()
        await self._send_last()
        await asyncio.gather(*(contained(f"{key}: stopping", one.stop()) for key, one in self._runners.items()))
        keeping.cancel()
        await self._consumer.finish()
        settling.cancel()

    def states(self) -> dict[str, int]:
        """How many instances are in each state."""
        return dict(Counter(str(runner.instance.state) for runner in self._runners.values()))

    def oldest(self) -> float:
        """When the oldest command in hand was queued, unix seconds; 0 without any."""
        return self._hand.oldest()

    async def _end_receiving(self, receiving: asyncio.Task[None]) -> None:
        self._consumer.stop()
        waking = asyncio.create_task(self._consumer.wake())
        await receiving
        waking.cancel()

    async def _send_last(self) -> None:
        """What can go out now need not wait for the next owner's connections."""
        ready = [one for one in self._runners.values() if one.instance.state is InstanceState.CONNECTED]
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_MESSAGES_S):
                await asyncio.gather(*(one.sends.all_out() for one in ready))

    async def _end_controls(self) -> None:
        """Commands that take too long are broken off; not settled, they come again to the next owner."""
        if self._controls:
            _, late = await asyncio.wait(set(self._controls), timeout=LAST_CONTROL_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _sweep(self, deleting: Sequence[InstanceKey]) -> None:
        for key in deleting:
            await contained(f"{key}: sweeping", sweep_deleted(self._context, key))
        await self._sweeper.run()

    async def _look_again(self) -> None:
        while True:
            await asyncio.sleep(LOOK_AGAIN_S)
            for key, runner in list(self._runners.items()):
                await contained(f"{key}: early receipts", runner.incoming.look_again())

    def _dispatch(self, held: Held[Command | Unreadable]) -> None:
        task = self._context.spawn(self._take(held))
        self._controls.add(task)
        task.add_done_callback(self._controls.discard)

    async def _take(self, held: Held[Command | Unreadable]) -> None:
        match held.value:
            case Unreadable(error):
                await self._refuse(held, error)
            case Command(kind=CommandKind.TRACE):
                held.settle()
            case Command(kind=CommandKind.COLLECT_GARBAGE) as command:
                await contained("collecting garbage", self._garbage.collect(command))
                held.settle()
            case Command(kind=CommandKind.SEND) as command:
                trace = trace_id_of(held.received.traceparent) if held.received.traceparent else None
                with bind(tenant=command.instance.tenant, instance=command.instance.id, trace=trace):
                    await self._pass_on(held, command)
            case _ if self._stopping.is_set():
                held.give_back()
            case Command() as command:
                await self._control(held, command)

    async def _control(self, held: Held[Any], command: Command) -> None:
        work, parent = partial(self._carry_out, command, held.received), held.received.traceparent
        with (
            self._context.tracer.span("run command", Kind.CONSUMER, parent, about(command)) as span,
            bind(tenant=command.instance.tenant, instance=command.instance.id, trace=span.trace_id),
        ):
            await carry_to_end(held, work, self._stopping, self._context)

    async def _refuse(self, held: Held[Any], error: str) -> None:
        """Another version may understand it, so it comes again twice. It never waits, so its receives are its tries."""
        if held.received.receives >= MOST_TRIES:
            await bury(held, Fault(error, held.received.receives), self._stopping, self._context)
            return
        logger.warning("%s: a command that cannot be carried out: %s", held.received.group, error)
        await until(self._stopping, UNREADABLE_PAUSE_S)
        held.give_back()

    async def _pass_on(self, held: Held[Any], command: Command) -> None:
        """Messages wait with their runner; being taken there is not their end."""
        try:
            message = OutgoingMessage.of(command.args, held.received)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            await self._refuse(held, f"{type(error).__name__}: {error}")
            return
        note(message=message.message_id)
        passing = Held(message, held.received, held.settle, held.give_back)
        what = f"{command.instance}: taking {message.message_id}"
        outcome = await attempt(what, partial(self._enqueue, passing, command), self._stopping)
        if isinstance(outcome, Fault):
            await bury(held, outcome, self._stopping, self._context)
        elif not outcome:
            held.give_back()

    async def _enqueue(self, held: Held[OutgoingMessage], command: Command) -> bool:
        runner = await self._runner(command.instance)
        if runner is None:
            await self._fail_of_none(command.instance, held.value.message_id)
            held.settle()
        else:
            runner.sends.put(held)
        return True

    async def _fail_of_none(self, key: InstanceKey, message_id: str) -> None:
        """The message of an instance that is gone, or that was made anew on another partition."""
        there = await until_available(partial(self._context.instances.get_any, key))
        elsewhere = there is not None and there.partition != self._partition
        settling = Settling(self._context.ledger, self._context.messages, self._context.clock)
        await settling.give_up_by_id(key, message_id, DELETED, silent=elsewhere)

    async def _carry_out(self, command: Command, received: Received) -> bool:
        runner = await self._runner(command.instance, deleting=command.kind is CommandKind.DELETE)
        if runner is None:
            await leave_result(command.id, GONE, self._context)
        else:
            await carry_out(runner, command, received.receives, self._context)
            logger.info("command", extra={"fields": {"kind": command.kind, "receives": received.receives}})
            if command.kind is CommandKind.DELETE and await self._is_gone(runner):
                await self._remove(runner)
        return True

    async def _runner(self, key: InstanceKey, *, deleting: bool = False) -> Runner | None:
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
        mine = bind(tenant=instance.tenant, instance=instance.id, anew=True)
        with mine, within(None):  # it outlives the command that it came by
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
