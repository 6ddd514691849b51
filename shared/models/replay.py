"""A replay of all deliveries of a range: a task that goes through them page by page.

queued -> running -> done
      \\-> stopped   (the endpoint was deleted)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.models.webhook import DeliveryState


class ReplayState(StrEnum):
    """How far a replay has come."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What is to be replayed and how far it has come. Times are ISO 8601 UTC.

    Deliveries of events from `since` up to and with `until`, in one of `states` when they are come to (empty: in any).
    `replayed` were put on their way, `expired` could not be: the log no longer has their events."""

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


def replay_from(values: dict[str, Any]) -> Replay:
    """The replay of its stored or queued values. Raises TypeError or ValueError when they are none."""
    known = {name: values[name] for name in Replay.__dataclass_fields__ if name in values}
    known["state"] = ReplayState(known["state"])
    known["states"] = tuple(DeliveryState(one) for one in known["states"])
    return Replay(**known)
