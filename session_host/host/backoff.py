"""How long to wait before a worker that ended is started again: 1, 2, 4 ... 30 s."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Backoff:
    """Seconds. A worker that ran for `settled` starts over at `first`."""

    first: float = 1.0
    most: float = 30.0
    settled: float = 60.0
    _next: float = 0.0

    def after(self, ran: float) -> float:
        """How long to wait after a run of that length."""
        wait = self.first if ran >= self.settled else max(self.first, self._next)
        self._next = min(2 * wait, self.most)
        return wait
