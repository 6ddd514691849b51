"""A page of what waits for an endpoint, and where pages are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.models.catch_up import CatchUp
from shared.models.webhook import Webhook
from shared.queues.deliveries import DeliveryTask

SIZE = 100


@dataclass(frozen=True, slots=True)
class Page:
    """Tasks for what is to come now, and from where to go on (None: there is no more).

    `awaited` is the last of them, and `seen` how it is now."""

    tasks: Sequence[DeliveryTask]
    last: str | None
    awaited: str | None = None
    seen: str | None = None


class Source(Protocol):
    """One kind of what waits. Everything raises StoreError."""

    async def page(self, job: CatchUp, webhook: Webhook, now: float) -> Page:
        """What follows the job's cursor."""

    async def seen(self, job: CatchUp) -> str | None:
        """How it is now what the job awaits; None: it waits no longer."""
