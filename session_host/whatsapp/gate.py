"""The gate of a process before the library's maps.

The library keeps its clients in maps that nothing guards: a call reads them, a start or stop of a client writes them,
and a read or second write during a write kills the process. So calls pass freely, and a writer shuts the gate, lets
the calls that have just entered get past their read, writes, and opens again.

A call reads the maps first thing and only then does what may take long (a send waits for its answer), so it counts as
past its read `settle` seconds after it entered, or when it returned. A thread that the machine leaves without a core
for longer than that could still be before it; it would then have to wake up within the 100 ns of a write.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

Clock = Callable[[], float]


class Writing:
    """A writer's hold of the gate; `done` opens it again, from any thread and as often as wanted."""

    def __init__(self, gate: Gate, until: float) -> None:
        self._gate = gate
        self.until = until

    def done(self) -> None:
        """The maps are written."""
        self._gate.release(self)


class Gate:
    """Thread-safe; every method may block the calling thread for as long as a writer holds the gate."""

    def __init__(self, settle: float = 0.01, clock: Clock = time.monotonic) -> None:
        self._settle = settle
        self._clock = clock
        self._changed = threading.Condition()
        self._entered: dict[int, float] = {}
        self._tickets = count()
        self._calls_waiting = 0
        self._writing: Writing | None = None

    @contextmanager
    def call(self) -> Iterator[None]:
        """Around one call of the library that reads its maps."""
        ticket = self._enter()
        try:
            yield
        finally:
            with self._changed:
                del self._entered[ticket]
                self._changed.notify_all()

    def write(self, at_most: float) -> Writing:
        """Shuts the gate once it is this writer's turn; it opens at `done`, or by itself after `at_most` seconds."""
        with self._changed:
            # calls that waited go first, or a row of writers would keep them out
            while self._shut_for() > 0 or self._calls_waiting:
                self._changed.wait(min(self._shut_for(), 3600.0) or None)
            self._writing = writing = Writing(self, float("inf"))
            while (wait := self._unsettled_for()) > 0:
                self._changed.wait(wait)
            writing.until = self._clock() + at_most
            return writing

    def release(self, writing: Writing) -> None:
        """Opens the gate if `writing` still holds it."""
        with self._changed:
            if self._writing is writing:
                self._writing = None
                self._changed.notify_all()

    def _enter(self) -> int:
        with self._changed:
            self._calls_waiting += 1
            while (wait := self._shut_for()) > 0:
                self._changed.wait(min(wait, 3600.0))
            self._calls_waiting -= 1
            ticket = next(self._tickets)
            self._entered[ticket] = self._clock()
            self._changed.notify_all()
            return ticket

    def _shut_for(self) -> float:
        return max(0.0, self._writing.until - self._clock()) if self._writing else 0.0

    def _unsettled_for(self) -> float:
        newest = max(self._entered.values(), default=float("-inf"))
        return newest + self._settle - self._clock()
