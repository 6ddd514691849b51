"""Where a process counts until it hands over."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from shared.figures.counts import (
    ATTEMPTS_DELIVERED,
    ATTEMPTS_FAILED,
    CLIENTS_OUTDATED,
    DELIVERIES_DEAD,
    Counts,
    calls_name,
    class_of,
)
from shared.figures.histogram import Histogram

FLUSH_EVERY_S = 5.0


class Adding(Protocol):
    """Where counts of all processes are added up; see shared.store.figures."""

    async def add(self, counts: Counts) -> bool:
        """Adds to the sums. False when it is not known that they were taken."""


class Tally:
    """For one event loop. What it has not handed over when its process dies is lost: FLUSH_EVERY_S of counts at most,
    or what a function counted after its last hand-over if it is never called again.

    What was handed over without an answer is handed over again: it may count twice. These are figures, not bills."""

    def __init__(self, store: Adding | None, monotonic: Callable[[], float]) -> None:
        """Without a store it counts nothing."""
        self._store = store
        self._monotonic = monotonic
        self._counts: Counter[str] = Counter()
        self._durations = Histogram()
        self._handed_over_at = float("-inf")

    @classmethod
    def off(cls) -> Tally:
        """One that nobody asks."""
        return cls(None, lambda: 0.0)

    def call(self, status: int, ms: float | None) -> None:
        """A call was answered, within so many milliseconds; None: its time tells nothing."""
        if self._store:
            self._counts[calls_name(class_of(status))] += 1
            if ms is not None:
                self._durations.observe(ms)

    def attempt(self, *, delivered: bool) -> None:
        """An attempt at an endpoint was made."""
        if self._store:
            self._counts[ATTEMPTS_DELIVERED if delivered else ATTEMPTS_FAILED] += 1

    def delivery_dead(self) -> None:
        """A delivery was given up."""
        if self._store:
            self._counts[DELIVERIES_DEAD] += 1

    def client_outdated(self) -> None:
        """WhatsApp refused a connection because our client is too old."""
        if self._store:
            self._counts[CLIENTS_OUTDATED] += 1

    @property
    def pending(self) -> Counts:
        """What has not been handed over."""
        return self._counts + Counter(self._durations.counts())

    async def hand_over(self, *, now: bool = False) -> None:
        """Adds what is pending to the sums of all, unless that was done a moment ago (or `now`). Never raises."""
        if self._store is None or not self._counts or not (now or self._is_due()):
            return
        self._handed_over_at = self._monotonic()
        taken, durations = self._counts, self._durations
        self._counts, self._durations = Counter(), Histogram()
        if not await self._store.add(taken + Counter(durations.counts())):
            self._counts += taken
            self._durations = self._durations.merged(durations)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Hands over again and again for the length of a block, and at its end; where a process lives between calls."""
        stop = asyncio.Event()
        running = asyncio.create_task(self._run(stop))
        try:
            yield
        finally:
            stop.set()
            await running

    async def _run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), FLUSH_EVERY_S)
                break
            await self.hand_over(now=True)
        await self.hand_over(now=True)

    def _is_due(self) -> bool:
        return self._monotonic() - self._handed_over_at >= FLUSH_EVERY_S
