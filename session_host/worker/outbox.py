"""Logged events on their way to the delivery queue.

An event is in the log first; then it is put on the queue. Should the worker die in between, its successor finds the
instance in the stored outbox and puts everything from that sequence on the queue again, marked so that the webhook
sender looks whether it was delivered already. What a former owner left stays in the stored outbox until that is done.
An event that is too large for the queue stays in the log alone.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice

from session_host.worker.patience import until_available
from shared.logs import bind
from shared.models.event import Event
from shared.models.instance import InstanceKey
from shared.queues.deliveries import DeliveryQueue, DeliveryTask, encode
from shared.queues.queue import MessageTooLarge, QueueError
from shared.store.database import Put
from shared.store.events import Events, sequence_of
from shared.store.partitions import outbox_put

logger = logging.getLogger(__name__)

GROUP = 10  # what one SQS call takes
RETRY_S = (0.1, 0.5, 2.0, 5.0)
PAGE = 100
NEVER_TOO_LARGE = 250_000  # bytes that every SQS takes; an error that says otherwise means something else


class Outbox:
    """What the partition's owner still has to put on the delivery queue. `run` must be running.

    `left` is the stored outbox as the former owner left it: instance -> first sequence. `recover` must be called once
    when there is any.
    """

    def __init__(self, partition: int, queue: DeliveryQueue, left: Mapping[str, int] | None = None) -> None:
        self._partition = partition
        self._queue = queue
        self._left = dict(left or {})
        self._own: dict[str, int] = {}  # of the instances in `left`: the first sequence that is this owner's
        self._waiting: deque[tuple[InstanceKey, Event]] = deque()
        self._spans: dict[str, tuple[int, int]] = {}  # instance -> first and last sequence that wait
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._recovered = asyncio.Event()
        if not self._left:
            self._recovered.set()

    def put_with(self, fresh: Sequence[tuple[InstanceKey, Event]]) -> Put:
        """The write that remembers what waits now and what is being logged with it."""
        pending = dict(self._left)
        for instance, (first, _) in self._spans.items():
            pending.setdefault(instance, first)
        for key, event in fresh:
            instance, sequence = str(key), event.sequence or 0
            pending.setdefault(instance, sequence)
            if instance in self._left:
                self._own.setdefault(instance, sequence)
        return outbox_put(self._partition, pending)

    def add(self, logged: Sequence[tuple[InstanceKey, Event]]) -> None:
        """Events that are in the log now."""
        for key, event in logged:
            sequence = event.sequence or 0
            first, _ = self._spans.get(str(key), (sequence, sequence))
            self._spans[str(key)] = (first, sequence)
        if logged:
            self._waiting.extend(logged)
            self._idle.clear()
            self._wake.set()

    async def flushed(self) -> None:
        """Returns once everything is on the queue, what a former owner left included."""
        await self._recovered.wait()
        await self._idle.wait()

    async def run(self) -> None:
        """Puts events on the queue until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                group = list(islice(self._waiting, GROUP * 5))
                await self._put(
                    [DeliveryTask(key.tenant, event.body(), traceparent=event.traceparent) for key, event in group]
                )
                for _ in group:  # only now: until then a successor has to know of them
                    self._leaves(*self._waiting.popleft())
            self._idle.set()

    async def recover(self, events: Events) -> int:
        """Puts what a former owner may have left behind on the queue; gives back how many."""
        total = 0
        for instance, first in list(self._left.items()):
            total += await self._recover(events, instance, first)
            del self._left[instance]
        self._recovered.set()
        return total

    async def _recover(self, events: Events, instance: str, first: int) -> int:
        after, total, tenant = first - 1, 0, InstanceKey.parse(instance).tenant
        while logged := await until_available(partial(events.logged_after, instance, after, PAGE)):
            after = sequence_of(logged[-1].body)
            own = self._own.get(instance, after + 1)  # what this owner logs meanwhile goes its usual way
            theirs = [one for one in logged if sequence_of(one.body) < own]
            await self._put([DeliveryTask(tenant, o.body, again=True, traceparent=o.traceparent) for o in theirs])
            total += len(theirs)
            if len(theirs) < len(logged):
                break
        return total

    def _leaves(self, key: InstanceKey, event: Event) -> None:
        _, last = self._spans[str(key)]
        if event.sequence == last:
            del self._spans[str(key)]
        else:
            self._spans[str(key)] = ((event.sequence or 0) + 1, last)  # sequences have no gaps

    async def _put(self, tasks: list[DeliveryTask]) -> None:
        try:
            await self._until_taken(tasks)
        except MessageTooLarge as error:
            if len(tasks) == 1:
                event = json.loads(tasks[0].event)["id"]
                with bind(tenant=tasks[0].tenant):
                    logger.error("event %s of tenant %s is not delivered: %s", event, tasks[0].tenant, error)
                return
            for task in tasks:  # some may be on the queue already
                await self._put([replace(task, again=True)])

    async def _until_taken(self, tasks: list[DeliveryTask]) -> None:
        """Puts tasks on the queue, once it answers. Raises MessageTooLarge when it cannot take one of them.

        After a failed try some may be there already, so they are marked for the sender to look.
        """
        attempt = 0
        while tasks:
            try:
                await self._queue.put(tasks)
                return
            except QueueError as error:
                if isinstance(error, MessageTooLarge) and any(map(_may_be_too_large, tasks)):
                    raise
                if attempt == 0:
                    logger.warning("the delivery queue does not answer, trying again: %s", error)
                await asyncio.sleep(RETRY_S[min(attempt, len(RETRY_S) - 1)])
                tasks = [replace(task, again=True) for task in tasks]
                attempt += 1


def _may_be_too_large(task: DeliveryTask) -> bool:
    return len(encode(task).encode()) > NEVER_TOO_LARGE
