"""The durations of the lease scheme, all derived from how long a lease lasts."""

from __future__ import annotations

from dataclasses import dataclass

HEARTBEAT_S = 10.0
MOST_NOTICE_S = 10.0


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. Only `lease_s` is chosen, and it must be the same on all hosts."""

    lease_s: float = 15.0

    @property
    def renew_s(self) -> float:
        """From one renewal to the next."""
        return self.lease_s / 3

    @property
    def fence_s(self) -> float:
        """How long after the start of its last renewal a holder goes on; the rest of the lease is margin."""
        return self.lease_s * 0.8

    @property
    def call_s(self) -> float:
        """A call to the store is given up after this; two renewals fit between the first one due and the fence."""
        return self.lease_s / 5

    @property
    def poll_s(self) -> float:
        """From one look at all leases to the next; a dead host is noticed later by up to this long."""
        return self.lease_s / 15

    @property
    def eager_s(self) -> float:
        """The same while partitions are changing hands: sessions are without service meanwhile."""
        return self.lease_s / 60

    @property
    def retry_s(self) -> float:
        """From a failed renewal to the next try."""
        return self.lease_s / 30

    @property
    def silent_s(self) -> float:
        """An owner whose lease has not changed for so long has missed two renewals and is probably dead."""
        return self.lease_s * 2 / 3

    @property
    def late_s(self) -> float:
        """An owner whose lease has not changed for so long has missed a renewal: perhaps it is dead."""
        return self.renew_s * 1.4

    @property
    def grace_s(self) -> float:
        """So long an expired lease is left to the hosts whose share it is; then whoever sees it takes it."""
        return self.lease_s / 15

    @property
    def notice_s(self) -> float:
        """A host that leaves gives its partitions away after this without progress, whether anybody stands by or not.

        However long a lease is, a host that is told to stop has a minute.
        """
        return min(MOST_NOTICE_S, self.lease_s * 2 / 3)

    @property
    def free_s(self) -> float:
        """So long a free partition is left to the host whose share it is; then whoever sees it takes it."""
        return self.lease_s / 3

    @property
    def heartbeat_s(self) -> float:
        """From one heartbeat to the next, when there is no news."""
        return min(HEARTBEAT_S, self.lease_s * 2 / 3)

    @property
    def presence_s(self) -> float:
        """A host takes part for this long after its last heartbeat."""
        return 2 * self.heartbeat_s
