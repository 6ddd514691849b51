"""Time, as it is passed in: a wall clock for what users read, a monotonic one for what expires."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Both times in seconds."""

    def unix(self) -> float:
        """Seconds since 1970, for timestamps and TTLs."""

    def monotonic(self) -> float:
        """Seconds since some start, never going back, for durations and leases."""


class SystemClock:
    """The machine's own clocks."""

    def unix(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


def iso(unix: float) -> str:
    """ISO 8601 UTC with milliseconds, as every time in the API: `2026-01-31T12:00:00.000Z`."""
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_iso(text: str) -> float:
    """Unix seconds of an ISO 8601 time. Raises ValueError when it is none or lacks a time zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("the time has no time zone")
    return moment.timestamp()
