"""What several steps need of the store and the queues."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from shared.models.webhook import Webhook
from shared.queues.deliveries import DeliveryTask


class Endpoints(Protocol):
    """Where endpoints are read. Everything raises StoreError."""

    async def get(self, tenant: str, webhook_id: str) -> Webhook | None:
        """An endpoint, or None."""

    async def get_many(self, tenant: str, ids: Collection[str]) -> list[Webhook]:
        """Those of a tenant's endpoints that there are."""

    async def candidates(self, tenant: str, ids: Collection[str]) -> list[Webhook]:
        """The endpoints of a tenant that are made for no instance, and of the others at least those of these `ids`."""


class Tasks(Protocol):
    """Where tasks are put."""

    async def put(self, tasks: Sequence[DeliveryTask], delay_s: int = 0) -> None:
        """Puts tasks on the queue. Raises QueueError."""
