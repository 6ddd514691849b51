"""How long before a worker that ended is started again: at once after a healthy run, else 1, 2, 4 ... 30 s."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Backoff:
    """Seconds. A worker that ran for `settled` is started again at once."""

    first: float = 1.0
    most: float = 30.0
    settled: float = 30.0
    _next: float = 0.0

    def after(self, ran: float) -> float:
        """How long to wait after a run of that length."""
        wait = 0.0 if ran >= self.settled else max(self.first, self._next)
        self._next = min(2 * wait, self.most)
        return wait

    def start_over(self) -> None:
        """What made it end has been removed."""
        self._next = 0.0
