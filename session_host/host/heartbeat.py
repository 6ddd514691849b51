"""The host's heartbeat: what it says of itself and its workers, and how other hosts know that it takes part."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from session_host.leases.reach import Reach
from session_host.leases.timing import Timing
from session_host.until import until
from shared.models.host import HostReport
from shared.store.database import StoreError

LEAST_S = 0.5
FORGET_TRIES = 5


class HostReports(Protocol):
    """Where heartbeats are kept; see shared.store.hosts."""

    async def save(self, report: HostReport) -> None: ...
    async def forget(self, host_id: str) -> None: ...


class Heartbeat:
    """Beats every so often, and soon after news, but at most twice a second."""

    def __init__(self, store: HostReports, report: Callable[[], HostReport], timing: Timing) -> None:
        self._store = store
        self._report = report
        self._timing = timing
        self._news = asyncio.Event()
        self._reach = Reach("The hosts' table")

    def news(self) -> None:
        """Something in the report has changed."""
        self._news.set()

    async def beat(self) -> None:
        """Writes one now; when the store does not answer, the next one follows soon."""
        self._news.clear()
        if not await self._call(self._store.save(self._report())):
            self._news.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Beats until `stop` is set, then removes the heartbeat: others then count on this host's partitions."""
        while not await until(stop, LEAST_S):
            await _first(stop, self._news, self._timing.heartbeat_s - LEAST_S)
            if not stop.is_set():
                await self.beat()
        await self._forget()

    async def _forget(self) -> None:
        for _ in range(FORGET_TRIES):
            if await self._call(self._store.forget(self._report().id)):
                return
            await asyncio.sleep(LEAST_S)

    async def _call(self, call: Awaitable[None]) -> bool:
        try:
            await asyncio.wait_for(call, self._timing.call_s)
        except (StoreError, TimeoutError) as error:
            self._reach.failed(error)
            return False
        self._reach.worked()
        return True


async def _first(one: asyncio.Event, other: asyncio.Event, seconds: float) -> None:
    waits = [asyncio.create_task(event.wait()) for event in (one, other)]
    try:
        await asyncio.wait(waits, timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
