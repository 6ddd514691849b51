"""Who keeps bringing a worker down, judged by what was on its board at each crash of the native library.

    first crash           the worker starts again at once; whoever was on the board is a suspect
    another within 5 min  from now on the worker is cautious: suspects connect first, one after the other
    a suspect's third     it is set aside: the next worker records it as failed instead of connecting it

Only a crash with few suspects counts against them, and of those only the one that was there most often is set aside,
provided that it was there at most crashes: neighbours that happened to send at the time stay. What another one that was
set aside explains does not speak for anybody.
"""

from __future__ import annotations

import signal
from collections import Counter, deque

WINDOW_S = 300.0
CAUTIOUS_AFTER = 2
STRIKES = 3
FEW = 3
MOST_NAMED = 16
MOST_KEPT = 20  # crashes

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
        self._crashes: deque[tuple[float, frozenset[str]]] = deque(maxlen=MOST_KEPT)
        self._blamed: set[str] = set()

    def crashed(self, noted: frozenset[str], now: float) -> str | None:
        """Takes a crash in. Returns who is set aside for it."""
        if self._crashes and now - self._crashes[-1][0] >= WINDOW_S:
            self._crashes.clear()
            self._blamed.clear()
        self._crashes.append((now, noted))
        culprit = self._culprit(noted)
        if culprit:
            self.aside |= {culprit}
            self._blamed.add(culprit)
        return culprit

    def settled(self) -> None:
        """A worker has taken all its instances up: those set aside are recorded as failed."""
        self.aside = frozenset()

    def cautious(self, now: float) -> bool:
        """Whether the next worker is to connect sessions one after the other."""
        return sum(now - at < WINDOW_S for at, _ in self._crashes) >= CAUTIOUS_AFTER

    def first(self) -> tuple[str, ...]:
        """Who should connect first, the most suspect one before all others."""
        seen, strikes = self._seen(), self._strikes()
        ranked = sorted(seen, key=lambda key: (-strikes[key], -seen[key], key))
        return tuple(key for key in ranked if key not in self.aside)[:MOST_NAMED]

    def _culprit(self, noted: frozenset[str]) -> str | None:
        strikes = self._strikes()
        ranked = Counter({key: strikes[key] for key in noted}).most_common(2)
        if not ranked or ranked[0][1] < STRIKES:
            return None
        tied = len(ranked) == 2 and ranked[1][1] == ranked[0][1]
        return None if tied or not self._was_at_most(ranked[0][0]) else ranked[0][0]

    def _was_at_most(self, key: str) -> bool:
        """Whether it was on the board at more than half of the crashes that nobody else was blamed for."""
        others = self._blamed - {key}
        open_ones = [noted for _, noted in self._crashes if key in noted or not noted & others]
        return 2 * sum(key in noted for noted in open_ones) > len(open_ones)

    def _seen(self) -> Counter[str]:
        """How often each was on the board."""
        return Counter(key for _, noted in self._crashes for key in noted)

    def _strikes(self) -> Counter[str]:
        """The same, of the crashes with few suspects."""
        return Counter(key for _, noted in self._crashes if len(noted) <= FEW for key in noted)
