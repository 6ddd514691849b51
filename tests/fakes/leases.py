"""A lease store in memory that compares and sets as shared.store.partitions does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from shared.models.host import Lease
from shared.store.partitions import LeaseLost

Change = Callable[["LeaseTable"], Lease]


class LeaseTable:
    """The leases themselves; every change is refused with LeaseLost when the lease is not as it was seen."""

    def __init__(self, partitions: int) -> None:
        self.leases = {partition: Lease(partition) for partition in range(partitions)}

    def read(self) -> list[Lease]:
        return list(self.leases.values())

    def take(self, seen: Lease, owner: str) -> Lease:
        return self._set(seen, Lease(seen.partition, owner, seen.counter + 1, seen.epoch + 1))

    def renew(self, held: Lease) -> Lease:
        return self._set(held, replace(held, counter=held.counter + 1))

    def release(self, held: Lease) -> Lease:
        return self._set(held, replace(held, owner=None, counter=held.counter + 1))

    def _set(self, seen: Lease, new: Lease) -> Lease:
        now = self.leases[seen.partition]
        if (now.counter, now.epoch) != (seen.counter, seen.epoch):
            raise LeaseLost(seen.partition)
        self.leases[seen.partition] = new
        return new
