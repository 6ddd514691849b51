"""How many more messages may be taken."""

from __future__ import annotations

import asyncio
import contextlib


class Room:
    """A number of places; taken by as many messages at once as there are."""

    def __init__(self, places: int) -> None:
        self.places = places
        self.free = places
        self._changed = asyncio.Event()

    async def for_batch(self, size: int, patience_s: float) -> int:
        """Waits until at least one place is free, and a little longer for `size` of them; how many are, up to `size`.

        Batches of one or two would cost as many calls as full ones."""
        await self._until(1)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._until(min(size, self.places))
        return min(self.free, size)

    async def all(self) -> None:
        """Waits until every place is free."""
        await self._until(self.places)

    async def _until(self, free: int) -> None:
        while self.free < free:
            self._changed.clear()
            await self._changed.wait()

    def take(self, count: int) -> None:
        """Takes places that are free."""
        self.free -= count

    def leave(self, count: int = 1) -> None:
        """Gives places back."""
        self.free += count
        self._changed.set()
