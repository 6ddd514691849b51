"""The event source loop: takes messages, hands them over in batches, deletes what succeeded and leaves what failed.

    receive (up to 10) -> hand over, in a task of its own -> each settled record: delete it, its place is free again
        ^                                                 \\-> each failed record: left, it comes again
        `-- at once, unless all places are taken; two at a time while batches come full

The long polls are short on purpose: the AWS on this machine goes on with a poll whose caller has gone, and what it
takes then stays hidden for VISIBILITY_S.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from local.webhooks.outage import Outage
from local.webhooks.room import Room
from local.webhooks.shape import record
from shared.queues.queue import MAX_BATCH, QueueError, Received

log = logging.getLogger(__name__)

POLL_S = 2
VISIBILITY_S = 60
GATHER_S = 0.06  # between polls under load, so that a batch is worth its calls
DELETE_EVERY_S = 0.1
GRACE_S = 11.5  # an attempt takes 10 s at most, then it is recorded


class MessageQueue(Protocol):
    """The queue as the loop needs it; every call raises QueueError."""

    async def receive(self, most: int, wait_s: int, visibility_s: int | None) -> list[Received]:
        """Up to `most` messages."""

    async def delete(self, handles: Sequence[str]) -> None:
        """Settles messages."""

    async def keep(self, handles: Sequence[str], seconds: int) -> None:
        """Hides messages for so long."""


class BatchHandler(Protocol):
    """What works on batches."""

    async def __call__(
        self, records: Sequence[dict[str, Any]], done: Callable[[str], None]
    ) -> dict[str, list[dict[str, str]]]:
        """Works on records of Lambda's shape; names the failed ones, tells `done` the id of each settled one."""


class EventSource:
    """The loop between one queue and one handler, with at most `places` messages in hand. `name`: the queue's whole
    name; `gather_s`: how long to gather for a batch where messages come singly."""

    def __init__(
        self, queue: MessageQueue, handler: BatchHandler, places: int, name: str = "", gather_s: float = GATHER_S
    ) -> None:
        self._name = name
        self._gather_s = gather_s
        self._queue = queue
        self._handler = handler
        self._room = Room(places)
        self._settled: list[str] = []
        self._any_settled = asyncio.Event()
        self._batches: set[asyncio.Task[None]] = set()
        self._outage = Outage("the queue")
        self._full = asyncio.Event()  # the last batch was: there is more

    def widen(self, by: int) -> None:
        """So many messages more, or fewer, may be in hand."""
        self._room.widen(by)

    async def run(self, stopping: asyncio.Event) -> None:
        """Runs until `stopping` is set, then finishes what is in hand, for GRACE_S at most."""
        taking = asyncio.gather(self._take_until(stopping), self._help_until(stopping))
        taking.add_done_callback(lambda _: stopping.set())
        deleting = asyncio.create_task(self._keep_deleting())
        await stopping.wait()
        try:
            async with asyncio.timeout(GRACE_S):
                await taking
                await self._room.all()
        except TimeoutError:
            log.warning("stopped with %d messages in hand; they come again", self._room.taken)
        finally:
            await _cancel(taking, deleting, *self._batches)
            await self._delete()

    async def _take_until(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            await self._take(stopping)

    async def _help_until(self, stopping: asyncio.Event) -> None:
        """A second one, for as long as there is more: batches that are not full would only be smaller for it."""
        while await _unless(stopping, self._full.wait()):
            await self._take(stopping)

    async def _take(self, stopping: asyncio.Event) -> None:
        if not await _unless(stopping, self._room.for_batch(MAX_BATCH, self._gather_s)) or self._room.free < 1:
            return
        most = min(self._room.free, MAX_BATCH)
        self._room.take(most)
        messages = await self._receive(most, stopping)
        self._room.leave(most - len(messages))
        if len(messages) == most:
            self._full.set()
        else:
            self._full.clear()
        if messages:
            self._start(messages)
            await _unless(stopping, asyncio.sleep(self._gather_s if len(messages) < most else 0))

    async def _receive(self, most: int, stopping: asyncio.Event) -> list[Received]:
        try:
            messages = await self._queue.receive(most, POLL_S, VISIBILITY_S)
        except QueueError as error:
            await _unless(stopping, asyncio.sleep(self._outage.failed(error)))
            return []
        self._outage.over()
        if stopping.is_set() and messages:
            await self._give_back(messages)
            return []
        return messages

    def _start(self, messages: list[Received]) -> None:
        task = asyncio.create_task(self._work(messages))
        self._batches.add(task)
        task.add_done_callback(self._batches.discard)

    async def _work(self, messages: list[Received]) -> None:
        handles = {message.id: message.handle for message in messages}

        def done(message_id: str) -> None:
            self._settled.append(handles.pop(message_id))
            self._any_settled.set()
            self._room.leave()

        try:
            await self._handler([record(message, self._name) for message in messages], done)
        finally:
            self._room.leave(len(handles))

    async def _give_back(self, messages: list[Received]) -> None:
        with contextlib.suppress(QueueError):
            await self._queue.keep([message.handle for message in messages], 0)

    async def _keep_deleting(self) -> None:
        while True:
            await self._any_settled.wait()
            await asyncio.sleep(max(DELETE_EVERY_S, self._gather_s))
            await self._delete()

    async def _delete(self) -> None:
        """What cannot be deleted comes again, and is dropped by its record."""
        self._any_settled.clear()
        handles = list(self._settled)
        try:
            await self._queue.delete(handles)
        except QueueError as error:
            log.warning("%d settled messages could not be deleted: %s", len(handles), error)
        del self._settled[: len(handles)]


async def _unless(stopping: asyncio.Event, waiting: Awaitable[object]) -> bool:
    """Waits for `waiting`, but no longer than until `stopping` is set; whether it came to its end."""
    waited, stopped = asyncio.ensure_future(waiting), asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait((waited, stopped), return_when=asyncio.FIRST_COMPLETED)
        return waited.done()
    finally:
        await _cancel(waited, stopped)


async def _cancel(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
