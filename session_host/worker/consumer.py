"""Takes commands from the partition's queue and keeps them hidden there until they are done.

Several instances' commands are in hand at once; the queue itself holds back an instance's next ones (its group) until
those in hand are settled, so order is kept across owners.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from session_host.worker.context import Held
from shared.models.command import Command
from shared.queues.commands import decode
from shared.queues.names import COMMAND_VISIBILITY_S
from shared.queues.queue import Queue, QueueError, Received

logger = logging.getLogger(__name__)

KEEP_EVERY_S = COMMAND_VISIBILITY_S / 3
MOST_IN_HAND = 5_000  # beyond what the messages of a full partition that is down can be: its RESTARTs must get through
POLL_S = 2  # short: a poll is never broken off, since what it takes would stay hidden from the next owner
RETRY_S = 1.0

OnCommand = Callable[[Held[Command], Received], None]


class Consumer:
    """The one reader of a command queue. `run` and `settle_all` must be running."""

    def __init__(self, queue: Queue, on_command: OnCommand) -> None:
        self._queue = queue
        self._on_command = on_command
        self._in_hand: dict[str, Received] = {}
        self._done: asyncio.Queue[str] = asyncio.Queue()
        self._giving: set[asyncio.Task[None]] = set()
        self._room = asyncio.Event()
        self._room.set()
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Receives until `stop`."""
        while not self._stopping.is_set():
            await self._room.wait()
            try:
                batch = await self._queue.receive(wait_s=POLL_S)
            except QueueError as error:
                logger.warning("the command queue does not answer, trying again: %s", error)
                await asyncio.sleep(RETRY_S)
                continue
            if self._stopping.is_set():
                await self._set_visibility([received.handle for received in batch], 0)
                return
            for received in batch:
                self._take(received)

    def stop(self) -> None:
        """Lets `run` end with its present poll; what that brings goes back to the queue."""
        self._stopping.set()
        self._room.set()

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
            await self._set_visibility(list(self._in_hand), COMMAND_VISIBILITY_S)

    async def finish(self) -> None:
        """After `run` has ended: returns when all that is done is deleted, and gives the rest back."""
        await self._done.join()
        await asyncio.gather(*self._giving)
        await self._set_visibility(list(self._in_hand), 0)
        self._in_hand.clear()

    def _take(self, received: Received) -> None:
        try:
            command = decode(received.body)
        except ValueError as error:
            logger.error("a command that cannot be read is dropped: %s", error)
            self._done.put_nowait(received.handle)
            return
        self._in_hand[received.handle] = received
        if len(self._in_hand) >= MOST_IN_HAND:
            self._room.clear()
        settle = partial(self._settle, received.handle)
        self._on_command(Held(command, settle, partial(self._give_back, received.handle)), received)

    def _settle(self, handle: str) -> None:
        if self._in_hand.pop(handle, None):
            self._done.put_nowait(handle)
        if len(self._in_hand) < MOST_IN_HAND:
            self._room.set()

    def _give_back(self, handle: str) -> None:
        if self._in_hand.pop(handle, None):
            task = asyncio.create_task(self._set_visibility([handle], 0))
            self._giving.add(task)
            task.add_done_callback(self._giving.discard)

    async def _delete(self, handles: list[str]) -> None:
        try:
            await self._queue.delete(handles)
        except QueueError as error:  # they come again, and what they ask for is found done
            logger.warning("%d commands could not be settled: %s", len(handles), error)

    async def _set_visibility(self, handles: list[str], seconds: int) -> None:
        try:
            await self._queue.keep(handles, seconds)
        except QueueError as error:
            logger.warning("%d commands could not be kept or given back: %s", len(handles), error)
