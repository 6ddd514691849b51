"""The bodies of deliveries that are sent again: from the event log, or from the delivery where no log holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from shared.models.webhook import Delivery
from shared.store.deliveries import DeliveryFilter


class Log(Protocol):
    """Where events are read."""

    async def get_many(self, tenant: str, wanted: Sequence[tuple[str, int]]) -> dict[tuple[str, int], str]:
        """Bodies by instance and sequence. Raises StoreError."""


class Range(Protocol):
    """Where the deliveries of a range are read."""

    async def page(
        self,
        tenant: str,
        webhook_id: str,
        limit: int,
        start: str | None = None,
        *,
        sought: DeliveryFilter,
        ascending: bool,
    ) -> tuple[list[Delivery], str | None]:
        """A page and the id to continue from. Raises StoreError."""

    async def get(self, tenant: str, webhook_id: str, delivery_id: str) -> Delivery | None:
        """A delivery, or None. Raises StoreError."""


async def bodies_of(found: Sequence[Delivery], tenant: str, log: Log) -> Mapping[str, str]:
    """By the delivery's id; without those whose event the log no longer has. Raises StoreError."""
    logged = {
        one.id: (one.instance, one.sequence)
        for one in found
        if one.body is None and one.instance is not None and one.sequence is not None
    }
    bodies = await log.get_many(tenant, list(dict.fromkeys(logged.values()))) if logged else {}
    kept = {one.id: one.body for one in found if one.body is not None}
    return kept | {name: bodies[place] for name, place in logged.items() if place in bodies}
