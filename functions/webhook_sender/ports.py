"""What several steps need of the store and the queues."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.models.webhook import Webhook
from shared.queues.deliveries import DeliveryTask


class Endpoints(Protocol):
    """Where endpoints are read."""

    async def of_tenant(self, tenant: str) -> list[Webhook]:
        """All endpoints of a tenant. Raises StoreError."""


class Tasks(Protocol):
    """Where tasks are put."""

    async def put(self, tasks: Sequence[DeliveryTask], delay_s: int = 0) -> None:
        """Puts tasks on the queue. Raises QueueError."""
