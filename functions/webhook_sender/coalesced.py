"""Successes that are recorded, and tasks that are put on a queue, together with others of the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from functions.webhook_sender.coalescer import Coalescer
from shared.models.webhook import Delivery
from shared.queues.deliveries import DeliveryTask, outgoing
from shared.queues.queue import MAX_BATCH, Outgoing, Queue, QueueError
from shared.store.conflicts import Retries
from shared.store.database import StoreUnavailable
from shared.store.deliveries import Deliveries

MAX_GROUP = 25


class _Left(StoreUnavailable):
    """The store has taken others of the group."""


class CoalescedDeliveries:
    """The deliveries of the store, as the sender writes them."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self._writes = Coalescer(self._save, MAX_GROUP, _entry_key)  # one call cannot write the same item twice
        self._beginnings = Coalescer(self._begin, MAX_GROUP, _entry_key)

    async def get(self, tenant: str, webhook_id: str, delivery_id: str) -> Delivery | None:
        """A delivery, or None. Raises StoreError."""
        return await self._deliveries.get(tenant, webhook_id, delivery_id)

    async def newest(self, tenant: str, webhook_id: str, limit: int) -> list[Delivery]:
        """Up to `limit` of an endpoint, those of the newest events. Raises StoreError."""
        found, _ = await self._deliveries.page(tenant, webhook_id, limit)
        return found

    async def save(self, delivery: Delivery, now: float, *, keep_delivered: bool = False) -> None:
        """Stores a delivery. A guarded write needs a condition, so it goes alone. Raises StoreError."""
        if keep_delivered:
            await self._deliveries.save(delivery, now, keep_delivered=True)
        else:
            await self._save_with_others(delivery, now)

    async def _save_with_others(self, delivery: Delivery, now: float) -> None:
        """What was left of one group goes with a later one, and holds up nobody else."""
        retries = Retries()
        while True:
            try:
                return await self._writes.add((delivery, now))
            except _Left:
                await retries.again()

    async def begin(self, delivery: Delivery, now: float) -> None:
        """Stores a delivery unless something is stored of it. Raises StoreError."""
        await self._beginnings.add((delivery, now))

    async def reschedule(self, delivery: Delivery, *, seen: str | None) -> None:
        """Stores another `next_attempt_at` on condition. Raises StoreError, ConditionFailed."""
        await self._deliveries.reschedule(delivery, seen=seen)

    async def take(self, seen: Delivery, *, by: str, now: float, until: float) -> None:
        """Takes the attempt that is due on condition. Raises StoreError, ConditionFailed."""
        await self._deliveries.take(seen, by=by, now=now, until=until)

    async def _save(self, group: list[tuple[Delivery, float]]) -> list[_Left | None]:
        deliveries = [delivery for delivery, _ in group]
        left = {_key(one) for one in await self._deliveries.save_many(deliveries, group[-1][1])}
        return [_Left("a delivery was not taken") if _key(one) in left else None for one in deliveries]

    async def _begin(self, group: list[tuple[Delivery, float]]) -> list[None]:
        await self._deliveries.begin([delivery for delivery, _ in group], group[-1][1])
        return [None] * len(group)


class CoalescedTasks:
    """A queue of the sender, as the sender puts tasks there."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._puts = Coalescer(self._put, MAX_BATCH)

    async def put(self, tasks: Sequence[DeliveryTask], delay_s: int = 0) -> None:
        """Puts tasks on the queue. Raises QueueError when not all were taken; then some may be there already."""
        await asyncio.gather(*(self._puts.add(outgoing(task, delay_s)) for task in tasks))

    async def _put(self, group: list[Outgoing]) -> list[QueueError | None]:
        refused = {id(message) for message in await self._queue.send_many(group)}
        return [QueueError("a delivery was not taken") if id(message) in refused else None for message in group]


def _entry_key(entry: tuple[Delivery, float]) -> tuple[str, str]:
    return _key(entry[0])


def _key(delivery: Delivery) -> tuple[str, str]:
    return delivery.tenant, delivery.id
