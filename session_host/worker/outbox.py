"""Logged events on their way to the delivery queue.

An event is in the log first; then it is put on the queue. Should the worker die in between, its successor finds the
instance in the stored outbox and puts everything from that sequence on the queue again, marked so that the webhook
sender looks whether it was delivered already.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence

from shared.models.event import Event
from shared.models.instance import InstanceKey
from shared.queues.deliveries import DeliveryQueue, DeliveryTask
from shared.queues.queue import QueueError
from shared.store.database import Put
from shared.store.events import Events
from shared.store.partitions import outbox_put

logger = logging.getLogger(__name__)

GROUP = 10  # what one SQS call takes
RETRY_S = (0.1, 0.5, 2.0, 5.0)
PAGE = 100


class Outbox:
    """What the partition's owner still has to put on the delivery queue. `run` must be running."""

    def __init__(self, partition: int, queue: DeliveryQueue) -> None:
        self._partition = partition
        self._queue = queue
        self._waiting: deque[tuple[InstanceKey, Event]] = deque()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def put_with(self, fresh: Sequence[tuple[InstanceKey, Event]]) -> Put:
        """The write that remembers what waits now and what is being logged with it."""
        pending: dict[str, int] = {}
        for key, event in [*self._waiting, *fresh]:
            pending.setdefault(str(key), event.sequence or 0)
        return outbox_put(self._partition, pending)

    def add(self, logged: Sequence[tuple[InstanceKey, Event]]) -> None:
        """Events that are in the log now."""
        if logged:
            self._waiting.extend(logged)
            self._idle.clear()
            self._wake.set()

    async def flushed(self) -> None:
        """Returns once everything is on the queue."""
        await self._idle.wait()

    async def run(self) -> None:
        """Puts events on the queue until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                group = list(self._waiting)[: GROUP * 5]
                await self._put([DeliveryTask(key.tenant, event.body()) for key, event in group])
                for _ in group:  # only now: until then a successor has to know of them
                    self._waiting.popleft()
            self._idle.set()

    async def recover(self, events: Events, pending: dict[str, int]) -> int:
        """Puts what a former owner may have left behind on the queue; gives back how many."""
        total = 0
        for instance, first in pending.items():
            after = first - 1
            while bodies := await events.after(instance, after, PAGE):
                tenant = InstanceKey.parse(instance).tenant
                await self._put([DeliveryTask(tenant, body, again=True) for body in bodies])
                after += len(bodies)  # sequences have no gaps
                total += len(bodies)
        return total

    async def _put(self, tasks: list[DeliveryTask]) -> None:
        attempt = 0
        while True:
            try:
                await self._queue.put(tasks)
                return
            except QueueError as error:
                if attempt == 0:
                    logger.warning("the delivery queue does not answer, trying again: %s", error)
                await asyncio.sleep(RETRY_S[min(attempt, len(RETRY_S) - 1)])
                attempt += 1
