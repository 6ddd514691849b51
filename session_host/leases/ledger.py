"""What a host holds and what it should do next. No I/O and no clock: every call is told the monotonic time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from session_host.leases.presence import Presence
from session_host.leases.shares import quotas, turn
from session_host.leases.sightings import Sightings
from session_host.leases.timing import Timing
from shared.models.host import Lease


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now. `lacking`: this host is below its share, so the next look should come soon.

    `expect`: how many partitions will probably come to this host soon, besides those to take now.
    """

    take: tuple[Lease, ...] = ()
    leave: tuple[int, ...] = ()
    release: tuple[Lease, ...] = ()
    lacking: bool = False
    expect: int = 0


@dataclass(slots=True)
class _Held:
    lease: Lease
    renewed_at: float  # start of the last call that is known to have written
    due_at: float
    unsettled_at: float | None = None  # start of the first call since whose outcome is not known
    leaving: bool = False


class Ledger:
    """One host's view. `host_id` is of this process alone: a successor must not think its leases were its own."""

    def __init__(self, host_id: str, timing: Timing) -> None:
        self.host_id = host_id
        self.timing = timing
        self._held: dict[int, _Held] = {}
        self._sightings = Sightings(timing.lease_s)
        self._presence = Presence(timing.presence_s)

    def observe(self, leases: Iterable[Lease], heartbeats: Mapping[str, str], now: float) -> list[int]:
        """Takes in a look at the store; `now` is the time at its end. Returns the partitions that it shows as lost."""
        lost = [lease.partition for lease in leases if self._see(lease, now)]
        self._presence.observe(heartbeats, now)
        for lease in self._sightings.expired(now):
            if lease.owner is not None:
                self._presence.gone(lease.owner)
        return lost

    def plan(self, now: float) -> Plan:
        """What to take, to give away (after a drain) and to release at once (nobody works on those)."""
        holdings = self._holdings(now)
        shares = quotas(holdings, len(self._sightings))
        share, mine = shares[self.host_id], self.working()
        free, strays = self._free(now), self.strays()
        start = turn(self.host_id, holdings, shares) % max(1, len(free))
        wanted = max(0, share - len(mine))
        silent = self._silent(now, self.timing.silent_s)
        take = (strays + free[start:] + free[:start])[:wanted]
        take += [lease for lease in self._abandoned(now) if lease not in take]
        return Plan(
            take=tuple(take),
            leave=() if self._silent(now, self.timing.late_s) else tuple(mine[share:]),
            release=tuple(lease for lease in strays if lease not in take),
            lacking=len(mine) < share,
            expect=max(self._share_without_silent(now) - len(mine) - len(take), len(silent)),
        )

    def under_way(self) -> int:
        """How many partitions are changing hands: drained by this host, or free."""
        return sum(held.leaving for held in self._held.values()) + len(self._sightings.owned_by(None))

    def others(self, now: float) -> bool:
        """Whether any other host takes part."""
        return bool(self._presence.present(now) - {self.host_id})

    def taken(self, lease: Lease, started: float, now: float) -> bool:
        """A take succeeded whose call began at `started`. False: it took so long that the lease is as good as lost."""
        self._sightings.see(lease, now)
        if now >= started + self.timing.fence_s:
            return False
        self._held[lease.partition] = _Held(lease, started, started + self.timing.renew_s)
        return True

    def due(self, now: float) -> list[int]:
        """The partitions whose lease is to be renewed."""
        return [partition for partition, held in self._held.items() if held.due_at <= now]

    def next_due(self) -> float | None:
        """When the next renewal is due."""
        return min((held.due_at for held in self._held.values()), default=None)

    def begin_renewal(self, partition: int, now: float) -> Lease | None:
        """The lease to renew; None when it is not held any more."""
        held = self._held.get(partition)
        if held is None:
            return None
        held.due_at = now + self.timing.renew_s
        held.unsettled_at = now if held.unsettled_at is None else held.unsettled_at
        return held.lease

    def renewed(self, lease: Lease, started: float, now: float) -> None:
        """A renewal succeeded whose call began at `started`."""
        held = self._held.get(lease.partition)
        if held is None or held.lease.epoch != lease.epoch:
            return
        self._settle(held, lease, started)
        held.due_at = started + self.timing.renew_s
        self._sightings.see(lease, now)

    def postpone(self, partition: int, now: float) -> None:
        """A renewal failed or its outcome is unknown: it is tried again soon."""
        if partition in self._held:
            self._held[partition].due_at = now + self.timing.retry_s

    def leave(self, partition: int) -> Lease:
        """The partition is being drained: still renewed, no longer counted as ours to keep. Returns its lease."""
        held = self._held[partition]
        held.leaving = True
        return held.lease

    def drop(self, lease: Lease) -> Lease | None:
        """Forgets a lease whose worker is gone, and returns its latest form, a stray now.

        None when it was not held any more, or only again, since a later epoch.
        """
        held = self._held.get(lease.partition)
        if held is None or held.lease.epoch != lease.epoch:
            return None
        return self._held.pop(lease.partition).lease

    def released(self, lease: Lease, now: float) -> None:
        """A stray lease was given back."""
        self._sightings.see(replace(lease, owner=None, counter=lease.counter + 1), now)

    def overdue(self, now: float) -> list[int]:
        """Forgets and returns the partitions that were not renewed in time: their workers are to be killed at once."""
        over = [partition for partition, held in self._held.items() if now >= self._fence_at(held)]
        for partition in over:
            del self._held[partition]
        return over

    def next_fence(self) -> float | None:
        """When the next worker is to be killed unless a renewal succeeds."""
        return min((self._fence_at(held) for held in self._held.values()), default=None)

    def alive_until(self) -> dict[int, float]:
        """Until when the worker of each partition that is held may live."""
        return {partition: self._fence_at(held) for partition, held in self._held.items()}

    def renewed_at(self) -> dict[int, float]:
        """When the lease of each partition that is held was last renewed."""
        return {partition: held.renewed_at for partition, held in self._held.items()}

    def next_expiry(self, now: float) -> float | None:
        """When the next lease of another host would expire."""
        return self._sightings.next_expiry(now)

    def holds(self, partition: int, now: float) -> bool:
        """Whether this host may work on a partition at this moment."""
        held = self._held.get(partition)
        return held is not None and now < self._fence_at(held)

    def held(self) -> list[int]:
        """The partitions whose lease this host holds, those being drained included."""
        return sorted(self._held)

    def working(self) -> list[int]:
        """The partitions that this host means to keep, in order."""
        return sorted(partition for partition, held in self._held.items() if not held.leaving)

    def strays(self) -> list[Lease]:
        """Leases that name this host although it does not hold them: nobody works on those partitions."""
        return [lease for lease in self._sightings.owned_by(self.host_id) if lease.partition not in self._held]

    def _see(self, lease: Lease, now: float) -> bool:
        """Whether a lease that is held was lost to somebody."""
        self._sightings.see(lease, now)
        held = self._held.get(lease.partition)
        if held is None or lease.counter <= held.lease.counter:
            return False  # not ours, or a stale read, or nothing new
        ours = lease.owner == self.host_id and lease.epoch == held.lease.epoch
        if not ours or held.unsettled_at is None:
            del self._held[lease.partition]
            return True
        self._settle(held, lease, held.unsettled_at)  # our own write, whose answer was lost or is on its way
        return False

    def _settle(self, held: _Held, lease: Lease, started: float) -> None:
        held.lease = lease if lease.counter > held.lease.counter else held.lease
        held.renewed_at = max(held.renewed_at, started)
        held.unsettled_at = None

    def _holdings(self, now: float) -> dict[str, int]:
        counts: Counter[str] = self._sightings.counts(now)
        counts[self.host_id] = len(self._held)
        return {host: counts[host] for host in self._presence.present(now) | {self.host_id}}

    def _share_without_silent(self, now: float) -> int:
        """This host's share once the hosts that have stopped renewing are given up."""
        silent = {lease.owner for lease in self._silent(now, self.timing.silent_s)}
        holdings = {host: count for host, count in self._holdings(now).items() if host not in silent}
        return quotas(holdings, len(self._sightings))[self.host_id]

    def _silent(self, now: float, seconds: float) -> list[Lease]:
        """The leases that another host has not renewed for so long."""
        return [lease for lease in self._sightings.silent(now, seconds) if lease.owner != self.host_id]

    def _free(self, now: float) -> list[Lease]:
        """Expired leases first: those partitions have been without service for longest."""
        expired = [lease for lease in self._sightings.expired(now) if lease.owner != self.host_id]
        return expired + self._sightings.owned_by(None)

    def _abandoned(self, now: float) -> list[Lease]:
        """Expired and free leases that those whose share they are have not taken: a host that has just started must
        wait for longer, since it has not seen for how long they are silent; another may not be able to take at all.
        Service comes first, even shares later."""
        expired = self._sightings.expired(now, self.timing.grace_s)
        free = self._sightings.unowned(now, self.timing.free_s)
        return [lease for lease in expired if lease.owner != self.host_id] + free

    def _fence_at(self, held: _Held) -> float:
        return held.renewed_at + self.timing.fence_s
