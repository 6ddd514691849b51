"""Successes that are recorded at the same time share one call to the store: calls are what a delivery costs most.

A lone one is written at once; those that come while a write is under way go together in the next.
"""

from __future__ import annotations

import asyncio

from shared.models.webhook import Delivery
from shared.store.deliveries import Deliveries

MAX_GROUP = 25

_Entry = tuple[Delivery, float, "asyncio.Future[None]"]


class GroupedRecords:
    """The deliveries of the store, as the sender writes them."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self._waiting: list[_Entry] = []
        self._writer: asyncio.Task[None] | None = None

    async def get(self, tenant: str, webhook_id: str, delivery_id: str) -> Delivery | None:
        """A delivery, or None. Raises StoreError."""
        return await self._deliveries.get(tenant, webhook_id, delivery_id)

    async def save(self, delivery: Delivery, now: float, *, keep_delivered: bool = False) -> None:
        """Stores a delivery. A guarded write needs a condition, so it goes alone."""
        if keep_delivered:
            await self._deliveries.save(delivery, now, keep_delivered=True)
            return
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((delivery, now, written))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        await written

    async def _write(self) -> None:
        try:
            while group := self._next_group():
                await self._write_group(group)
        finally:
            self._writer = None

    async def _write_group(self, group: list[_Entry]) -> None:
        writing = self._deliveries.save_many([delivery for delivery, _, _ in group], group[-1][1])
        (result,) = await asyncio.gather(writing, return_exceptions=True)
        for _, _, written in group:
            if written.done():
                continue  # who waited for it was cancelled
            if result is None:
                written.set_result(None)
            else:
                written.set_exception(result)

    def _next_group(self) -> list[_Entry]:
        """The first of each key: one call cannot write the same item twice."""
        group: dict[tuple[str, str], _Entry] = {}
        later: list[_Entry] = []
        for entry in self._waiting:
            key = entry[0].tenant, entry[0].id
            if key in group or len(group) == MAX_GROUP:
                later.append(entry)
            else:
                group[key] = entry
        self._waiting = later
        return list(group.values())
