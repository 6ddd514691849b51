"""What this host last saw of all leases and hosts. The keeper reads them all the time; others look over its shoulder.

Both stores are passed through as they are; see leases/keeper.py for what they must do.
"""

from __future__ import annotations

from collections.abc import Sequence

from session_host.leases.keeper import HostList, LeaseStore
from shared.clock import Clock
from shared.models.host import HostReport, Lease


class Sight:
    """`leases` and `hosts` as last read; `at`: when a lease was last read or renewed (monotonic), None before that."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.leases: Sequence[Lease] = ()
        self.hosts: Sequence[HostReport] = ()
        self.at: float | None = None

    def of_leases(self, store: LeaseStore) -> LeaseStore:
        """`store`, watched."""
        return _Leases(store, self)

    def of_hosts(self, store: HostList) -> HostList:
        """`store`, watched."""
        return _Hosts(store, self)

    def reached(self) -> None:
        """The leases answered."""
        self.at = self._clock.monotonic()


class _Leases:
    def __init__(self, store: LeaseStore, sight: Sight) -> None:
        self._store = store
        self._sight = sight
        self.take = store.take
        self.release = store.release

    async def leases(self) -> list[Lease]:
        leases = await self._store.leases()
        self._sight.leases = leases
        self._sight.reached()
        return leases

    async def renew(self, held: Lease) -> Lease:
        renewed = await self._store.renew(held)
        self._sight.reached()
        return renewed


class _Hosts:
    def __init__(self, store: HostList, sight: Sight) -> None:
        self._store = store
        self._sight = sight

    async def alive(self) -> list[HostReport]:
        hosts = await self._store.alive()
        self._sight.hosts = hosts
        return hosts
