"""Deliveries: what became of each event at each endpoint, attempt by attempt. Kept 30 days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from shared.ids import first_id_at
from shared.models.dead_reason import DeadReason
from shared.models.webhook import Attempt, Cause, Delivery, DeliveryState
from shared.store.conflicts import refused
from shared.store.database import Condition, Database, Put, Update, absent
from shared.store.sifting import one_of, sift

TABLE = "deliveries"
KEPT_S = 30 * 86_400
_NOT_DELIVERED = Condition(
    "attribute_not_exists(#s) OR #s <> :delivered", {"s": "state"}, {"delivered": DeliveryState.DELIVERED}
)


_KEY = ("webhook", "id")
_AFTER_ALL = "dlv_~"


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries of an endpoint: those of events that were noted from `since` up to and with the millisecond of
    `until` (unix seconds), in one of `states` and of one of `event_types`. What is empty asks for nothing."""

    since: float | None = None
    until: float | None = None
    states: tuple[DeliveryState, ...] = ()
    event_types: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, str]:
        """Between which ids they are: an id begins with the time at which its event was noted."""
        low = "dlv_" if self.since is None else first_id_at("dlv", self.since)
        return low, _AFTER_ALL if self.until is None else first_id_at("dlv", self.until + 0.001)


ALL = DeliveryFilter()


class Deliveries:
    """The deliveries of all endpoints. Ids sort by the time of the event."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def get(self, tenant: str, webhook_id: str, delivery_id: str) -> Delivery | None:
        """A delivery, or None."""
        values = await self._db.get(TABLE, {"webhook": _partition(tenant, webhook_id), "id": delivery_id})
        return from_values(values) if values else None

    async def page(
        self,
        tenant: str,
        webhook_id: str,
        limit: int,
        start: str | None = None,
        *,
        sought: DeliveryFilter = ALL,
        ascending: bool = False,
    ) -> tuple[list[Delivery], str | None]:
        """An endpoint's deliveries, newest first unless `ascending`, and the id to continue from (None: no more).

        Of states and types only so many are looked through at a time: fewer than `limit` are not yet the end."""
        low, high = sought.ids
        if low > high:  # DynamoDB refuses to look
            return [], None
        if start is not None and (start > high if ascending else start < low):
            return [], None
        inside = start is not None and low <= start <= high  # DynamoDB refuses to begin elsewhere
        pk = _partition(tenant, webhook_id)
        found, last = await sift(
            self._db,
            TABLE,
            Condition(
                "#w = :w AND #i BETWEEN :low AND :high",
                {"w": "webhook", "i": "id"},
                {"w": pk, "low": low, "high": high},
            ),
            one_of(state=sought.states, event_type=sought.event_types),
            key=_KEY,
            most=limit,
            start={"webhook": pk, "id": start} if inside else None,
            ascending=ascending,
        )
        return [from_values(values) for values in found], last["id"] if last else None

    async def save(self, delivery: Delivery, now: float, *, keep_delivered: bool = False) -> None:
        """Stores a delivery with its attempts so far. `keep_delivered`: raises ConditionFailed, and changes nothing,
        where it is stored as delivered already."""
        await self._db.write(_put(delivery, now, _NOT_DELIVERED if keep_delivered else None))

    async def begin(self, deliveries: Sequence[Delivery], now: float) -> None:
        """Stores those of up to 25 different deliveries of which nothing is stored; what is stored stays."""
        left = list(deliveries)
        while left:
            puts = [_put(one, now, absent("id")) for one in left]
            known = await refused(self._db, puts)
            left = [one for at, one in enumerate(left) if at not in known] if known else []

    async def reschedule(self, delivery: Delivery, *, seen: str | None) -> None:
        """Stores another `next_attempt_at`. Raises ConditionFailed, and changes nothing, where it is not retried at
        the time `seen` any more."""
        key = {"webhook": _partition(delivery.tenant, delivery.webhook_id), "id": delivery.id}
        names, values = {"n": "next_attempt_at", "s": "state"}, {"seen": seen, "retrying": DeliveryState.RETRYING}
        unchanged = Condition("#n = :seen AND #s = :retrying", names, values)
        sets = {"next_attempt_at": delivery.next_attempt_at}
        await self._db.write(Update(TABLE, key, sets=sets, condition=unchanged))

    async def take(self, seen: Delivery, *, by: str, now: float, until: float) -> None:
        """Notes `by` whom the attempt is made that is due, for whom it is kept `until` (unix seconds) unless it is
        recorded before. Raises ConditionFailed, and changes nothing, where the delivery is not as it was seen any more,
        or the attempt is somebody else's."""
        key = {"webhook": _partition(seen.tenant, seen.webhook_id), "id": seen.id}
        await self._db.write(
            Update(TABLE, key, sets={"taken_by": by, "taken_until": until}, condition=_free(seen, by, now))
        )

    async def save_many(self, deliveries: Sequence[Delivery], now: float) -> list[Delivery]:
        """Stores up to 25 different deliveries in one call, and gives back those that were not taken. Raises StoreError
        when none was."""
        left = await self._db.put_many([_put(one, now) for one in deliveries])
        keys = [(values["webhook"], values["id"]) for values in left]
        return [one for one in deliveries if (_partition(one.tenant, one.webhook_id), one.id) in keys]


def _partition(tenant: str, webhook_id: str) -> str:
    return f"{tenant}#{webhook_id}"


def _free(seen: Delivery, by: str, now: float) -> Condition:
    """It is as it was seen, and its attempt nobody else's."""
    names = {"s": "state", "r": "round", "b": "taken_by", "u": "taken_until"}
    values = {"state": seen.state, "round": seen.round, "by": by, "now": now}
    expression = "#s = :state AND #r = :round AND (attribute_not_exists(#b) OR #b = :by OR #u < :now)"
    if seen.next_attempt_at is None:
        return Condition(expression, names, values)
    return Condition(
        f"{expression} AND #n = :due", names | {"n": "next_attempt_at"}, values | {"due": seen.next_attempt_at}
    )


def _put(delivery: Delivery, now: float, condition: Condition | None = None) -> Put:
    pk = _partition(delivery.tenant, delivery.webhook_id)
    return Put(TABLE, asdict(delivery) | {"webhook": pk, "expires_at": int(now + KEPT_S)}, condition)


def from_values(values: dict[str, Any]) -> Delivery:
    """The delivery of its stored values."""
    known = {name: values[name] for name in Delivery.__dataclass_fields__ if name in values}
    known["state"] = DeliveryState(known["state"])
    known["attempts"] = tuple(_attempt(attempt) for attempt in known.get("attempts", ()))
    reason = values.get("reason")
    known["reason"] = DeadReason(reason) if reason in list(DeadReason) else None  # others are a newer sender's
    return Delivery(**known)


def _attempt(values: dict[str, Any]) -> Attempt:
    """Fields and causes that only a newer sender writes are passed over."""
    known = {name: values[name] for name in Attempt.__dataclass_fields__ if name in values}
    cause = known.get("cause")
    known["cause"] = Cause(cause) if cause in list(Cause) else None
    return Attempt(**known)
