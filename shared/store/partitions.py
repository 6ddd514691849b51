"""Partitions: who owns each (lease), who may write (fence), and which logged events are not on their way yet (outbox).

The three are items of their own: renewing a lease must never collide with a transaction that checks the fence.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shared.models.host import Lease
from shared.store.database import Check, Condition, ConditionFailed, Database, Put, TransactionRefused, Values

TABLE = "partitions"


class LeaseLost(Exception):
    """Somebody else holds the lease now."""


class Partitions:
    """The leases of all partitions."""

    def __init__(self, database: Database, count: int) -> None:
        self._db = database
        self._count = count

    async def leases(self) -> list[Lease]:
        """Every partition's lease; one never taken has no owner and epoch 0."""
        return self._leases(await self._db.get_many(TABLE, self._keys("lease")))

    async def look(self) -> tuple[list[Lease], int]:
        """`leases` and `load` in one call."""
        found = await self._db.get_many(TABLE, [*self._keys("lease"), *self._keys("load")])
        return self._leases(one for one in found if one["kind"] == "lease"), _load(found)

    async def take(self, seen: Lease, owner: str) -> Lease:
        """Makes `owner` the holder if the lease is still as `seen`. Raises LeaseLost when it is not."""
        taken = Lease(seen.partition, owner, seen.counter + 1, seen.epoch + 1)
        lease = Put(TABLE, _lease_values(taken), _unchanged(seen))
        fence = Put(TABLE, _key(seen.partition, "fence") | {"epoch": taken.epoch})
        try:
            await self._db.transact([lease, fence])
        except TransactionRefused as refusal:
            raise LeaseLost(seen.partition) from refusal
        return taken

    async def renew(self, held: Lease) -> Lease:
        """Counts a lease up. Raises LeaseLost when it was taken meanwhile."""
        renewed = Lease(held.partition, held.owner, held.counter + 1, held.epoch)
        await self._write(renewed, held)
        return renewed

    async def release(self, held: Lease) -> None:
        """Gives a lease up, so that the next owner need not wait. Raises LeaseLost when it was taken meanwhile."""
        await self._write(Lease(held.partition, None, held.counter + 1, held.epoch), held)

    async def outbox(self, partition: int) -> dict[str, int]:
        """Instance -> first sequence that may not have been put on the delivery queue."""
        values = await self._db.get(TABLE, _key(partition, "outbox"))
        return {} if values is None else dict(values["pending"])

    async def load(self) -> int:
        """How many instances there are on all partitions."""
        return _load(await self._db.get_many(TABLE, self._keys("load")))

    def _keys(self, kind: str) -> list[Values]:
        return [_key(number, kind) for number in range(self._count)]

    def _leases(self, found: Iterable[Values]) -> list[Lease]:
        known = {values["partition"]: _lease(values) for values in found}
        return [known.get(number, Lease(number)) for number in range(self._count)]

    async def _write(self, new: Lease, seen: Lease) -> None:
        try:
            await self._db.write(Put(TABLE, _lease_values(new), _unchanged(seen)))
        except ConditionFailed as refusal:
            raise LeaseLost(seen.partition) from refusal


def fence_check(lease: Lease) -> Check:
    """Part of every transaction of an owner: refused once a later owner has taken the partition."""
    return Check(TABLE, _key(lease.partition, "fence"), Condition("#e = :e", {"e": "epoch"}, {"e": lease.epoch}))


def outbox_put(partition: int, pending: dict[str, int]) -> Put:
    """The write that remembers which events still have to be put on the delivery queue."""
    return Put(TABLE, _key(partition, "outbox") | {"pending": pending})


def _key(partition: int, kind: str) -> dict[str, Any]:
    return {"partition": partition, "kind": kind}


def _load(found: Iterable[Values]) -> int:
    return sum(int(values.get("instances", 0)) for values in found)


def _lease(values: dict[str, Any]) -> Lease:
    return Lease(values["partition"], values.get("owner"), values["counter"], values["epoch"])


def _lease_values(lease: Lease) -> dict[str, Any]:
    return _key(lease.partition, "lease") | {"owner": lease.owner, "counter": lease.counter, "epoch": lease.epoch}


def _unchanged(seen: Lease) -> Condition:
    if seen.epoch == 0:
        return Condition("attribute_not_exists(#k)", {"k": "kind"})
    values = {"c": seen.counter, "e": seen.epoch}
    return Condition("#c = :c AND #e = :e", {"c": "counter", "e": "epoch"}, values)
