"""Takes commands from the partition's queue and keeps them hidden there until they are done.

Several instances' commands are in hand at once; the queue itself holds back an instance's next ones (its group) until
those in hand are settled, so order is kept across owners. Should what is in hand come again all the same, because it
could not be kept hidden in time (or for longer than SQS's 12 hours), its new handle takes the place of the old one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from session_host.worker.context import Held
from session_host.worker.hand import Hand
from shared.ids import new_id
from shared.models.command import NOBODY, Command, CommandKind
from shared.queues.commands import decode, encode, group_of
from shared.queues.queue import Outgoing, Queue, QueueError, Received

logger = logging.getLogger(__name__)

KEEP_EVERY_S = 1.5  # looks at what is in hand; most of it needs nothing yet
MOST_IN_HAND = 5_000  # beyond what the messages of a full partition that is down can be: its RESTARTs must get through
POLL_S = 2  # short: a poll is never broken off, since what it takes would stay hidden from the next owner
RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A command that this version cannot read, and why."""

    error: str


OnCommand = Callable[[Held[Command | Unreadable]], None]


class Consumer:
    """The one reader of a command queue. `run`, `settle_all` and `keep_all` must be running."""

    def __init__(self, queue: Queue, hand: Hand, clock: Callable[[], float], on_command: OnCommand) -> None:
        self._queue = queue
        self._hand = hand
        self._clock = clock
        self._on_command = on_command
        self._done: asyncio.Queue[str] = asyncio.Queue()
        self._giving: set[asyncio.Task[bool]] = set()
        self._room = asyncio.Event()
        self._room.set()
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Receives until `stop`."""
        while not self._stopping.is_set():
            await self._room.wait()
            if self._stopping.is_set():
                return
            try:
                batch = await self._queue.receive(wait_s=POLL_S)
            except QueueError as error:
                logger.warning("the command queue does not answer, trying again: %s", error)
                await asyncio.sleep(RETRY_S)
                continue
            for received in batch:
                self._take(received)

    def stop(self) -> None:
        """Lets `run` end with its present poll; what that brings is passed on still."""
        self._stopping.set()
        self._room.set()

    async def wake(self) -> None:
        """Puts something on the queue that ends a poll under way at once; `run` must have been told to stop."""
        command = Command(new_id("cmd"), CommandKind.TRACE, NOBODY)
        try:
            await self._queue.send(Outgoing(encode(command), group_of(command), command.id))
        except QueueError as error:  # the poll ends by itself
            logger.warning("the command queue could not be woken: %s", error)

    async def settle_all(self) -> None:
        """Deletes what is done, many at once, until cancelled."""
        while True:
            handles = [await self._done.get()]
            while not self._done.empty():
                handles.append(self._done.get_nowait())
            await self._delete(handles)
            for _ in handles:
                self._done.task_done()

    async def keep_all(self) -> None:
        """Keeps what is in hand hidden, until cancelled."""
        while True:
            await asyncio.sleep(KEEP_EVERY_S)
            for seconds, commands in self._hand.due().items():
                since = self._clock()
                if await self._set_visibility(self._hand.handles(commands), seconds):
                    self._hand.kept(commands, since + seconds)

    async def finish(self) -> None:
        """After `run` has ended: returns when all that is done is deleted, and gives the rest back."""
        await self._done.join()
        await asyncio.gather(*self._giving)
        await self._set_visibility(self._hand.drop_all(), 0)

    def _take(self, received: Received) -> None:
        if not self._hand.take(received):
            return
        if len(self._hand) >= MOST_IN_HAND:
            self._room.clear()
        settle, give_back = partial(self._settle, received.id), partial(self._give_back, received.id)
        self._on_command(Held(_read(received), received, settle, give_back))

    def _settle(self, command: str) -> None:
        if handle := self._hand.drop(command):
            self._done.put_nowait(handle)
        if len(self._hand) < MOST_IN_HAND:
            self._room.set()

    def _give_back(self, command: str) -> None:
        if handle := self._hand.drop(command):
            task = asyncio.create_task(self._set_visibility([handle], 0))
            self._giving.add(task)
            task.add_done_callback(self._giving.discard)

    async def _delete(self, handles: list[str]) -> None:
        try:
            await self._queue.delete(handles)
        except QueueError as error:  # they come again, and what they ask for is found done
            logger.warning("%d commands could not be settled: %s", len(handles), error)

    async def _set_visibility(self, handles: list[str], seconds: int) -> bool:
        try:
            await self._queue.keep(handles, seconds)
        except QueueError as error:
            logger.warning("%d commands could not be kept or given back: %s", len(handles), error)
            return False
        return True


def _read(received: Received) -> Command | Unreadable:
    try:
        return decode(received.body)
    except ValueError as error:
        return Unreadable(str(error))
