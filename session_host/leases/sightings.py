"""The leases as this host has seen them. A lease expires for an observer when it has not changed for its duration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from shared.models.host import Lease


@dataclass(frozen=True, slots=True)
class Sighting:
    """A lease and the observer's monotonic time at which it was first seen like this."""

    lease: Lease
    since: float


class Sightings:
    """One per partition, from the first look on."""

    def __init__(self, lease_s: float) -> None:
        self._lease_s = lease_s
        self._seen: dict[int, Sighting] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def see(self, lease: Lease, now: float) -> None:
        """Any change restarts the lease's time, even one back to an older value that a stale read shows."""
        known = self._seen.get(lease.partition)
        if known is None or known.lease != lease:
            self._seen[lease.partition] = Sighting(lease, now)

    def expired(self, now: float, since: float = 0.0) -> list[Lease]:
        """The leases whose owner did not renew them in time, those that have been expired for `since` seconds."""
        over = self._lease_s + since
        return [one.lease for one in self._seen.values() if one.lease.owner is not None and now - one.since >= over]

    def silent(self, now: float, seconds: float) -> list[Lease]:
        """The leases whose owner has let so much time pass without renewing them."""
        return [one.lease for one in self._seen.values() if one.lease.owner and now - one.since >= seconds]

    def unowned(self, now: float, seconds: float) -> list[Lease]:
        """The leases that have been free for so long."""
        return [one.lease for one in self._seen.values() if one.lease.owner is None and now - one.since >= seconds]

    def owned_by(self, owner: str | None) -> list[Lease]:
        """The leases that name this owner."""
        return [one.lease for one in self._seen.values() if one.lease.owner == owner]

    def counts(self, now: float) -> Counter[str]:
        """Owner -> number of leases that are not expired."""
        owners = (one.lease.owner for one in self._seen.values() if not self._is_over(one, now))
        return Counter(owner for owner in owners if owner is not None)

    def next_expiry(self, now: float) -> float | None:
        """When the next lease will expire if its owner stays silent."""
        return min((end for end in self._ends() if end > now), default=None)

    def _ends(self) -> Iterator[float]:
        return (one.since + self._lease_s for one in self._seen.values() if one.lease.owner is not None)

    def _is_over(self, sighting: Sighting, now: float) -> bool:
        return now - sighting.since >= self._lease_s
