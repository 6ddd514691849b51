"""Who keeps bringing a worker down, judged by what was on its board at each crash of the native library.

    first crash           the worker starts again at once; whoever was on the board is a suspect
    another within 5 min  from now on the worker is cautious: suspects connect first, one after the other
    a suspect's third     it is set aside: the next worker records it as failed instead of connecting it

Only a crash with few suspects counts against them, and of those only the one that was there most often is set aside:
neighbours that happened to send at the time stay.
"""

from __future__ import annotations

import signal
from collections import Counter

WINDOW_S = 300.0
CAUTIOUS_AFTER = 2
STRIKES = 3
FEW = 3
MOST_NAMED = 16

_GO_PANIC = 2
_CRASHES = {
    _GO_PANIC,
    *(-number for number in (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)),
}


def is_crash(code: int) -> bool:
    """Whether a process ended by a fault in native code; one that was killed from outside did not."""
    return code in _CRASHES


class Suspects:
    """Of one partition. `aside` are the sessions that the next worker must not connect."""

    def __init__(self) -> None:
        self.aside: frozenset[str] = frozenset()
        self._crashes: list[float] = []
        self._seen: Counter[str] = Counter()
        self._strikes: Counter[str] = Counter()

    def crashed(self, noted: frozenset[str], now: float) -> str | None:
        """Takes a crash in. Returns who is set aside for it."""
        if self._crashes and now - self._crashes[-1] >= WINDOW_S:
            self._crashes, self._seen, self._strikes = [], Counter(), Counter()
        self._crashes.append(now)
        self._seen.update(noted)
        if len(noted) <= FEW:
            self._strikes.update(noted)
        culprit = self._culprit(noted)
        if culprit:
            self.aside |= {culprit}
        return culprit

    def settled(self) -> None:
        """A worker has taken all its instances up: those set aside are recorded as failed."""
        self.aside = frozenset()

    def cautious(self, now: float) -> bool:
        """Whether the next worker is to connect sessions one after the other."""
        return sum(now - at < WINDOW_S for at in self._crashes) >= CAUTIOUS_AFTER

    def first(self) -> tuple[str, ...]:
        """Who should connect first, the most suspect one before all others."""
        ranked = sorted(self._seen, key=lambda key: (-self._strikes[key], -self._seen[key], key))
        return tuple(key for key in ranked if key not in self.aside)[:MOST_NAMED]

    def _culprit(self, noted: frozenset[str]) -> str | None:
        ranked = Counter({key: self._strikes[key] for key in noted}).most_common(2)
        if not ranked or ranked[0][1] < STRIKES:
            return None
        tied = len(ranked) == 2 and ranked[1][1] == ranked[0][1]
        return None if tied else ranked[0][0]
