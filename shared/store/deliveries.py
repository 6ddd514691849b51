"""Deliveries: what became of each event at each endpoint, attempt by attempt. Kept 30 days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from shared.models.webhook import Attempt, Delivery, DeliveryState
from shared.store.database import Condition, Database, Put

TABLE = "deliveries"
KEPT_S = 30 * 86_400
_NOT_DELIVERED = Condition(
    "attribute_not_exists(#s) OR #s <> :delivered", {"s": "state"}, {"delivered": DeliveryState.DELIVERED}
)


class Deliveries:
    """The deliveries of all endpoints. Ids sort by the time of the event."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def get(self, tenant: str, webhook_id: str, delivery_id: str) -> Delivery | None:
        """A delivery, or None."""
        values = await self._db.get(TABLE, {"webhook": f"{tenant}#{webhook_id}", "id": delivery_id})
        return from_values(values) if values else None

    async def page(
        self, tenant: str, webhook_id: str, limit: int, before: str | None = None
    ) -> tuple[list[Delivery], str | None]:
        """An endpoint's deliveries, newest first, and the id to continue before."""
        pk = f"{tenant}#{webhook_id}"
        start = {"webhook": pk, "id": before} if before else None
        where = Condition("#w = :w", {"w": "webhook"}, {"w": pk})
        found, last = await self._db.query(TABLE, where, limit=limit, ascending=False, start=start, consistent=True)
        return [from_values(values) for values in found], last["id"] if last else None

    async def save(self, delivery: Delivery, now: float, *, keep_delivered: bool = False) -> None:
        """Stores a delivery with its attempts so far. `keep_delivered`: raises ConditionFailed, and changes nothing,
        where it is stored as delivered already."""
        await self._db.write(_put(delivery, now, _NOT_DELIVERED if keep_delivered else None))

    async def save_many(self, deliveries: Sequence[Delivery], now: float) -> None:
        """Stores up to 25 different deliveries in one call. Raises StoreError when not all were stored."""
        await self._db.put_many([_put(delivery, now) for delivery in deliveries])


def _put(delivery: Delivery, now: float, condition: Condition | None = None) -> Put:
    pk = f"{delivery.tenant}#{delivery.webhook_id}"
    return Put(TABLE, asdict(delivery) | {"webhook": pk, "expires_at": int(now + KEPT_S)}, condition)


def from_values(values: dict[str, Any]) -> Delivery:
    """The delivery of its stored values."""
    known = {name: values[name] for name in Delivery.__dataclass_fields__ if name in values}
    known["state"] = DeliveryState(known["state"])
    known["attempts"] = tuple(Attempt(**attempt) for attempt in known.get("attempts", ()))
    return Delivery(**known)
