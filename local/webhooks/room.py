"""How many more messages may be taken."""

from __future__ import annotations

import asyncio


class Room:
    """A number of places; taken by as many messages at once as there are."""

    def __init__(self, places: int) -> None:
        self.places = places
        self.free = places
        self._changed = asyncio.Event()

    async def some(self) -> int:
        """Waits until at least one place is free; how many are."""
        while not self.free:
            self._changed.clear()
            await self._changed.wait()
        return self.free

    async def all(self) -> None:
        """Waits until every place is free."""
        while self.free < self.places:
            self._changed.clear()
            await self._changed.wait()

    def take(self, count: int) -> None:
        """Takes places that are free."""
        self.free -= count

    def leave(self, count: int = 1) -> None:
        """Gives places back."""
        self.free += count
        self._changed.set()
