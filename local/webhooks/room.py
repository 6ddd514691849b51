"""How many more messages may be taken."""

from __future__ import annotations

import asyncio
import contextlib


class Room:
    """A number of places; taken by as many messages at once as there are."""

    def __init__(self, places: int) -> None:
        self.places = places
        self.taken = 0
        self._more = 0
        self._changed = asyncio.Event()

    @property
    def free(self) -> int:
        """How many more there is room for; negative for too many."""
        return self.places + self._more - self.taken

    async def for_batch(self, size: int, patience_s: float) -> int:
        """Waits until at least one place is free, and a little longer for `size` of them; how many are, up to `size`.

        Batches of one or two would cost as many calls as full ones."""
        await self._until(1)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._until(min(size, self.places))
        return min(self.free, size)

    async def all(self) -> None:
        """Waits until no place is taken."""
        while self.taken:
            await self._change()

    async def _until(self, free: int) -> None:
        while self.free < free:
            await self._change()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def widen(self, by: int) -> None:
        """From now on there are so many places more, or fewer."""
        self._more += by
        self._changed.set()

    def take(self, count: int) -> None:
        """Takes places that are free."""
        self.taken += count

    def leave(self, count: int = 1) -> None:
        """Gives places back."""
        self.taken -= count
        self._changed.set()
