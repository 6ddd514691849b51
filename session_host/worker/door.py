"""The door between an instance's sends and whatever ends its session.

A session that is closed under a send leaves nobody knowing what became of the message, which mostly arrives. So who
closes one on purpose shuts the door first: the send under way ends, and the next one waits for what comes after.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Door:
    """One send goes through at a time, and one at a time shuts it."""

    def __init__(self) -> None:
        self._open, self._free = asyncio.Event(), asyncio.Event()
        self._open.set()
        self._free.set()

    @asynccontextmanager
    async def through(self) -> AsyncIterator[None]:
        """Around a send. Waits while the door is shut: look at the session only then."""
        while not self._open.is_set():
            await self._open.wait()
        self._free.clear()
        try:
            yield
        finally:
            self._free.set()

    @asynccontextmanager
    async def shut(self, patience_s: float) -> AsyncIterator[None]:
        """Around what ends the session. Waits for the send under way, but no longer than that."""
        self._open.clear()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    await self._free.wait()
            yield
        finally:
            self._open.set()
