"""An instance's messages from the command queue to their end, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from functools import partial

from session_host.whatsapp.port import NotConnected
from session_host.worker.context import Held, WorkerContext
from session_host.worker.dead import carry_to_end
from session_host.worker.outgoing import Outgoing, OutgoingMessage
from session_host.worker.settling import NOT_PAIRED
from shared.logs import bind
from shared.models.command import Command, CommandKind
from shared.models.instance import Instance, InstanceState
from shared.models.message import MessageError
from shared.queues.commands import about
from shared.tracing import Kind, Span

SEND_AGAIN_S = (1.0, 2.0, 5.0, 10.0, 20.0)  # while connected, before a message is given up


class Sends:
    """The messages that wait for an instance to send them. `run` must be running.

    `instance` gives it as it is now; `changed` is to be called when its state is another. `stopping` is set before
    `end` is called.
    """

    def __init__(
        self, instance: Callable[[], Instance], outgoing: Outgoing, context: WorkerContext, stopping: asyncio.Event
    ) -> None:
        self._instance = instance
        self._outgoing = outgoing
        self._context = context
        self._stopping = stopping
        self._waiting: asyncio.Queue[Held[OutgoingMessage] | None] = asyncio.Queue()
        self._changed = asyncio.Event()
        self._all_out = asyncio.Event()
        self._all_out.set()

    def put(self, send: Held[OutgoingMessage]) -> None:
        """Appends a message."""
        self._all_out.clear()
        self._waiting.put_nowait(send)

    def changed(self) -> None:
        """The instance may be able to send now, or never."""
        self._changed.set()

    async def all_out(self) -> None:
        """Returns once no message waits."""
        await self._all_out.wait()

    def end(self) -> None:
        """Gives back what is not begun; `run` ends with what is."""
        while not self._waiting.empty():
            if held := self._waiting.get_nowait():
                held.give_back()
        self._waiting.put_nowait(None)
        self._changed.set()

    async def run(self) -> None:
        """Brings out one message after the other until `end`."""
        while (held := await self._waiting.get()) is not None:
            with self._span(held.value) as span, bind(message=held.value.message_id, trace=span.trace_id):
                await carry_to_end(held, partial(self._bring_out, held.value), self._stopping, self._context)
            if self._waiting.empty():
                self._all_out.set()

    def _span(self, message: OutgoingMessage) -> AbstractContextManager[Span]:
        key = self._instance().key
        command = Command(message.message_id, CommandKind.SEND, key, {"message_id": message.message_id})
        return self._context.tracer.span("run command", Kind.CONSUMER, message.traceparent, about(command))

    async def _bring_out(self, message: OutgoingMessage) -> bool:
        """Brings a message to its end, however long the instance needs to connect. False: the next owner does."""
        failures = 0
        while not self._stopping.is_set():
            self._changed.clear()
            if not self._instance().linked:
                await self._outgoing.give_up(message, NOT_PAIRED)
                return True
            try:
                await self._outgoing.send(message)
                return True
            except NotConnected as error:
                failures += self._connected()  # then it is this message that fails
                if failures > len(SEND_AGAIN_S):
                    await self._outgoing.give_up(message, MessageError(error.code, error.detail))
                    return True
                await self._outgoing.wait_queued(message)
            await self._until_changed(message, failures)
        return False

    async def _until_changed(self, message: OutgoingMessage, failures: int) -> None:
        """Waits for another state, the message's deadline, or a pause when the state is not what stops it."""
        waits = [] if message.deadline is None else [max(0.0, message.deadline - self._context.clock.unix())]
        if self._connected() and failures:
            waits.append(SEND_AGAIN_S[failures - 1])
        with suppress(TimeoutError):
            async with asyncio.timeout(min(waits, default=None)):
                await self._changed.wait()

    def _connected(self) -> bool:
        return self._instance().state is InstanceState.CONNECTED
