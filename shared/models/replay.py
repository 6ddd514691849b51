"""A replay of all deliveries of a range: a task that goes through them page by page.

queued -> running -> done
      \\-> stopped   (for a `reason`, see stop_reason.py: its owner's wish, the endpoint, or its lease is over)

Whoever works on it renews its lease. One whose lease is over is stopped, whatever became of it, and leaves the endpoint
to another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from shared.clock import iso, parse_iso
from shared.models.stop_reason import StopReason
from shared.models.webhook import DeliveryState

LEASE_S = 3600  # longer than a message takes to the dead-letter queue


class ReplayState(StrEnum):
    """How far a replay has come."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What is to be replayed and how far it has come. Times are ISO 8601 UTC.

    Deliveries of events that were noted from `since` up to and with `until`, in one of `states` when they are come to
    (empty: in any).
    `replayed` were put on their way, `expired` could not be: the log no longer has their events. The page before was
    put at `put_at`, and `last_put` is the last one of it; `awaited` is that of the page before that one: what follows
    waits until it was attempted. The page before began after `came_from`, and is the last one where it has `swept` all.
    """

    id: str
    tenant: str
    webhook_id: str
    since: str
    until: str
    asked_at: str
    states: tuple[DeliveryState, ...] = ()
    state: ReplayState = ReplayState.QUEUED
    cursor: str | None = None  # the delivery that was come to last
    replayed: int = 0
    expired: int = 0
    finished_at: str | None = None
    reason: StopReason | None = None
    put_at: str | None = None
    last_put: str | None = None
    awaited: str | None = None
    came_from: str | None = None
    swept: bool = False
    lease_until: str | None = None  # None: of a time before there were leases

    def renewed(self, now: float) -> Replay:
        """The same with a lease from `now` (unix seconds) on."""
        return replace(self, lease_until=iso(now + LEASE_S))

    def ended(self, state: ReplayState, now: float, reason: StopReason | None = None) -> Replay:
        """The same at its end, at `now` (unix seconds)."""
        return replace(self, state=state, finished_at=iso(now), reason=reason)

    def is_over(self, now: float) -> bool:
        """Whether nobody has worked on it for so long that nobody will, though it has not come to an end."""
        return self.finished_at is None and self.lease_until is not None and parse_iso(self.lease_until) < now

    def as_of(self, now: float) -> Replay:
        """The replay as it is at `now` (unix seconds)."""
        if not self.is_over(now):
            return self
        return replace(self, state=ReplayState.STOPPED, finished_at=self.lease_until, reason=StopReason.ABANDONED)

    def told(self) -> str:
        """What the endpoint's journal says of its end."""
        counts = f"{self.id}: {self.replayed} replayed, {self.expired} expired"
        return f"{counts}; stopped: {self.reason}" if self.reason else counts


def replay_from(values: dict[str, Any]) -> Replay:
    """The replay of its stored or queued values. Raises TypeError or ValueError when they are none."""
    known = {name: values[name] for name in Replay.__dataclass_fields__ if name in values}
    known["state"] = ReplayState(known["state"])
    known["states"] = tuple(DeliveryState(one) for one in known["states"])
    reason = values.get("reason")
    known["reason"] = StopReason(reason) if reason in list(StopReason) else None  # others are a newer sender's
    return Replay(**known)
