"""One look that serves all who ask within a second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from shared.clock import Clock

REMEMBERED_S = 1.0
T = TypeVar("T")


class Recent(Generic[T]):
    """What a look has found, a second ago at most. Whoever asks during a look waits for it."""

    def __init__(self, clock: Clock, look: Callable[[], Awaitable[T]]) -> None:
        self._clock = clock
        self._look = look
        self._looking = asyncio.Lock()
        self._known: tuple[float, T] | None = None

    async def get(self) -> T:
        """Raises what the look raises."""
        async with self._looking:
            now = self._clock.monotonic()
            if self._known is None or now - self._known[0] >= REMEMBERED_S:
                self._known = (now, await self._look())
            return self._known[1]
