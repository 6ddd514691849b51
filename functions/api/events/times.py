"""Where in an instance's log a time is: sequences rise with it, so a few looks find it among a million events.

An event's time here is when it was noted, which its id tells. When it happened, its `timestamp`, may be long before: a
phone that was offline is heard of late.
"""

from __future__ import annotations

import json
from typing import Protocol

from shared.ids import made_at

SKEW_S = 5.0
"""How far the clocks of two hosts may be apart: at a change of hosts times of noting may go back by as much."""


class Log(Protocol):
    """The log as it is looked into."""

    async def after(self, instance: str, sequence: int, limit: int) -> list[str]:
        """The JSON bodies of the events that follow `sequence`. Raises StoreError."""


async def begins_at(log: Log, instance: str, unix: float, after: int, through: int) -> int:
    """The sequence that events from `unix` on follow, among those that follow `after` up to and with `through`."""
    low, high = after, through
    probe = after  # first the beginning: who pages on is past the time already
    while low < high:
        sequence, at = await _next(log, instance, probe, through)
        if at >= unix:
            high = probe
        else:
            low = sequence
        probe = (low + high) // 2
    return low


async def ends_at(log: Log, instance: str, unix: float, after: int, through: int) -> int:
    """The last sequence of events up to and with `unix`, among the same."""
    if after < through and (await _next(log, instance, through - 1, through))[1] <= unix:
        return through
    return await begins_at(log, instance, unix + 0.001, after, through)


async def _next(log: Log, instance: str, after: int, through: int) -> tuple[int, float]:
    """Sequence and time of the event that follows; past all of them where there is none."""
    found = await log.after(instance, after, 1)
    if not found:
        return through + 1, float("inf")
    event = json.loads(found[0])
    return event["sequence"], made_at(event["id"])
