"""What the steps need of the store, the queues and the way out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from shared.egress import EgressResponse
from shared.models.chain import Chain
from shared.models.webhook import Delivery, Webhook
from shared.queues.deliveries import DeliveryTask
from shared.store.events import Logged


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


class Records(Protocol):
    """Where deliveries are recorded."""

    async def get(self, tenant: str, webhook_id: str, delivery_id: str) -> Delivery | None:
        """A delivery, or None. Raises StoreError."""

    async def newest(self, tenant: str, webhook_id: str, limit: int) -> list[Delivery]:
        """Up to `limit` of an endpoint, those of the newest events. Raises StoreError."""

    async def save(self, delivery: Delivery, now: float, *, keep_delivered: bool = False) -> None:
        """Stores a delivery. Raises StoreError, ConditionFailed where `keep_delivered` forbids it."""

    async def begin(self, delivery: Delivery, now: float) -> None:
        """Stores a delivery unless something is stored of it. Raises StoreError."""

    async def reschedule(self, delivery: Delivery, *, seen: str | None) -> None:
        """Stores its `next_attempt_at`. Raises StoreError, ConditionFailed where it is not retried at `seen`."""

    async def take(self, seen: Delivery, *, by: str, now: float, until: float) -> None:
        """Takes the attempt that is due. Raises StoreError, ConditionFailed where it is not as `seen`, or taken."""


class ChainStore(Protocol):
    """Where it stands how far each instance's events have come. Everything raises StoreError."""

    async def get(self, tenant: str, webhook_id: str, instance: str, now: float) -> Chain | None:
        """A chain, or None."""

    async def begin(self, chain: Chain, now: float) -> bool:
        """Stores one that there was not."""

    async def take(self, seen: Chain, holder: str, lease_until: float, now: float, asked_since: float) -> Chain | None:
        """The chain, taken; None when it is no longer as it was seen."""

    async def knock(self, seen: Chain, now: float) -> bool:
        """Whether its holder will look once more before it lets go."""

    async def release(self, held: Chain, now: float, *, unheard: bool = False) -> Chain | None:
        """Lets go; the chain, held on, where somebody has knocked and that is not to be `unheard`."""


class EventLog(Protocol):
    """Where the events of instances are read. Everything raises StoreError."""

    async def run_after(self, instance: str, sequence: int, limit: int) -> tuple[list[Logged], bool]:
        """What follows, in order, and whether there may be more."""

    async def run_before(self, instance: str, sequence: int, limit: int) -> list[Logged]:
        """What comes before, the last first."""


class Poster(Protocol):
    """The way out."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> EgressResponse:
        """One attempt. Raises EgressError."""
