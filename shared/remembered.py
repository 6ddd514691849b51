"""What a process remembers for a moment, so that the same question costs no call."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from shared.clock import Clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """Values, each for `life_s` seconds; with `most` of them it forgets all and begins anew."""

    def __init__(self, clock: Clock, life_s: float, most: int = 10_000) -> None:
        self._clock = clock
        self._life_s = life_s
        self._most = most
        self._held: dict[K, tuple[float, V]] = {}

    def get(self, key: K) -> V | None:
        """A value that was noted a moment ago, or None."""
        held = self._held.get(key)
        if held is None:
            return None
        until, value = held
        if until <= self._clock.monotonic():
            del self._held[key]
            return None
        return value

    def note(self, key: K, value: V) -> None:
        """Remembers a value from now on."""
        if len(self._held) >= self._most:
            self._held.clear()
        self._held[key] = (self._clock.monotonic() + self._life_s, value)
