"""What a process itself remembers of the cache for some seconds, so that the same question costs no call."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shared.clock import Clock

REMEMBERED_S = 10.0  # how long others may still be told what was cleared
REMEMBERED = 10_000  # values, some 0.5 KB each


class CacheMemory:
    """Values that were found or put; the longest unused go first."""

    def __init__(self, clock: Clock, bound: int = REMEMBERED, life_s: float = REMEMBERED_S) -> None:
        self._clock = clock
        self._bound = bound
        self._life_s = life_s
        self._held: OrderedDict[str, tuple[float, float, dict[str, Any]]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: str) -> dict[str, Any] | None:
        """A value that was noted a moment ago and has not expired, or None."""
        held = self._held.get(key)
        if held is None:
            return None
        until, expires_at, value = held
        if until <= self._clock.monotonic() or expires_at <= self._clock.unix():
            del self._held[key]
            return None
        self._held.move_to_end(key)
        return value

    def note(self, key: str, value: dict[str, Any], expires_at: float) -> None:
        """Remembers a value; `expires_at` in unix seconds."""
        self._held[key] = (self._clock.monotonic() + self._life_s, expires_at, value)
        self._held.move_to_end(key)
        if len(self._held) > self._bound:
            self._held.popitem(last=False)

    def forget(self, prefix: str) -> None:
        """Forgets every value whose key begins so."""
        for key in [key for key in self._held if key.startswith(prefix)]:
            del self._held[key]
