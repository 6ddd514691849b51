"""When the devices of a number were connected: what any claim about time without service is measured by.

opened (logged in) -> active (asked for its stanzas: from here on it is in service) -> closed, and how

Kept in memory only: a restart of the server forgets it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

KEPT = 500
LEFT = "left"  # the client closed it, or is gone
SECOND_LOGIN = "second_login"  # the device logged in again while this one was open
DEVICE_REMOVED = "device_removed"


@dataclass(slots=True)
class Stay:
    """One connection of one device; times in unix seconds. `port` is the client's own end of it."""

    device: int
    port: int | None
    opened: float
    active: float | None = None
    closed: float | None = None
    how: str | None = None


class Stays:
    """Those of one number, in the order in which they were opened."""

    def __init__(self) -> None:
        self._kept: deque[Stay] = deque(maxlen=KEPT)

    def __iter__(self) -> Iterator[Stay]:
        return iter(self._kept)

    def open(self, device: int, port: int | None, now: float) -> None:
        self._kept.append(Stay(device, port, now))

    def activate(self, device: int, now: float) -> None:
        stay = self._open(device)
        if stay is not None and stay.active is None:
            stay.active = now

    def close(self, device: int, now: float, how: str) -> bool:
        """Whether the device had an open one; how the first end came about is what counts."""
        stay = self._open(device)
        if stay is None:
            return False
        stay.closed, stay.how = now, how
        return True

    def _open(self, device: int) -> Stay | None:
        return next((stay for stay in reversed(self._kept) if stay.device == device and stay.closed is None), None)
