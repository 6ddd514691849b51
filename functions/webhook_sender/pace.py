"""One endpoint as this process deals with it: its window, what runs, what waits, and when what is put back may come."""

from __future__ import annotations

from dataclasses import dataclass, field

from functions.webhook_sender.window import Window

SILENCE_S = 1.0  # after so long without an answer an endpoint is slow
Key = tuple[str, str]
"""Tenant and id of an endpoint."""


@dataclass(slots=True, eq=False)
class Pace:
    """`running` attempts, on either lane; `waiting` for room. `delivered_at` (unix seconds):
    when it last answered 2xx, as far as this process knows."""

    key: Key
    window: Window
    running: int = 0
    waiting: int = 0
    slow: bool = False
    delivered_at: float = 0.0
    _booked_until: float = field(default=0.0)

    @property
    def idle(self) -> bool:
        """Whether nothing runs or waits."""
        return not self.running and not self.waiting

    def told(self, *, slow: bool) -> None:
        """The endpoint is slow, or no longer so, as this process or another has found."""
        if slow and not self.slow:
            self.window.silent(SILENCE_S)
        self.slow = slow

    def wait_s(self) -> float:
        """How long one more would wait for room, about."""
        return self.window.wait_s(self.waiting)

    def book(self, now: float, most_s: float) -> float:
        """In how many seconds one that is put back may come: each gets a turn of its own behind those before it, but
        waits `most_s` at most. `now`: any clock's seconds, the same one's each time."""
        turn_s = self.window.answer_s / self.window.size
        self._booked_until = min(max(now, self._booked_until) + turn_s, now + most_s)
        return self._booked_until - now

    def answered_quickly(self) -> None:
        """Those that were put back before need not be waited for."""
        self._booked_until = 0.0
