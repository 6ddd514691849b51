"""The attempts that a process makes at once, and who may begin the next one.

`bound` attempts in all. Of these the slow lane takes two fifths at most, so a fast one always finds places; and one
endpoint takes three fifths of the slow lane's at most, less when there are others, so one that answers after 3 s moves
on beside one that hangs. On either lane an endpoint has no more than its window (window.py).

What finds no room waits in the order of coming, past those that cannot go on either, and without holding a place. Who
would wait for longer than PATIENCE_S because of its own endpoint is refused (NoRoom): it goes to the slow lane, or back
to it. All of this is one process's; other processes learn of a slow endpoint by its row (care.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from functions.webhook_sender.lane import Lane
from functions.webhook_sender.pace import Key, Pace
from functions.webhook_sender.window import Window

PATIENCE_S = 1.0
_MOST_PACES = 10_000


class OutOfTime(Exception):
    """No place came free in the time that the batch has; the attempt was not begun."""


class NoRoom(Exception):
    """The endpoint has as many attempts running as it may have; the attempt was not begun."""


@dataclass(slots=True, eq=False)
class _Waiter:
    pace: Pace
    lane: Lane
    granted: asyncio.Future[bool]


class Places:
    """The places of one process. `bound` may change while it is in use."""

    def __init__(self, bound: int) -> None:
        self.bound = bound
        self._running = 0
        self._running_slow = 0
        self._waiters: list[_Waiter] = []
        self._paces: dict[Key, Pace] = {}

    def pace(self, key: Key, *, slow: bool = False) -> Pace:
        """An endpoint as it is known here, which is told whether it is `slow`."""
        found = self._paces.get(key)
        if found is None:
            if len(self._paces) >= _MOST_PACES:
                self._paces = {known: pace for known, pace in self._paces.items() if not pace.idle}
            found = self._paces[key] = Pace(Window(self.bound))
        found.window.most = self.bound
        found.told(slow=slow)
        return found

    @asynccontextmanager
    async def taken(self, pace: Pace, lane: Lane, begin_by: float | None) -> AsyncIterator[None]:
        """A place for one attempt. Raises NoRoom, and OutOfTime when there was none by `begin_by` (the loop's time)."""
        if begin_by is not None and asyncio.get_running_loop().time() >= begin_by:
            raise OutOfTime("too late to begin")
        if self._fits(pace, lane) and not pace.waiting:
            self._take(pace, lane)
        else:
            await self._wait(pace, lane, begin_by)
        try:
            yield
        finally:
            self._leave(pace, lane)

    def refuses(self, pace: Pace, lane: Lane) -> bool:
        """Whether one more would be refused at once."""
        return self._is_full(pace, lane) and pace.wait_s() >= PATIENCE_S

    def refuse_waiting(self, pace: Pace) -> None:
        """Sends away those that wait for an endpoint on the fast lane: it has turned out to be slow."""
        for waiter in self._waiters:
            if waiter.pace is pace and waiter.lane is Lane.FAST and not waiter.granted.done():
                waiter.granted.set_result(False)

    def look(self) -> None:
        """Lets begin who may, in the order of coming: something has changed."""
        for waiter in self._waiters:
            if self._running >= self.bound:
                return
            if not waiter.granted.done() and self._fits(waiter.pace, waiter.lane):
                self._take(waiter.pace, waiter.lane)
                waiter.granted.set_result(True)

    async def _wait(self, pace: Pace, lane: Lane, begin_by: float | None) -> None:
        if self.refuses(pace, lane):
            raise NoRoom
        loop = asyncio.get_running_loop()
        waiter = _Waiter(pace, lane, loop.create_future())
        self._waiters.append(waiter)
        pace.waiting += 1
        taken = False
        try:
            while not waiter.granted.done():
                patient_until = loop.time() + PATIENCE_S
                until = patient_until if begin_by is None else min(patient_until, begin_by)
                await asyncio.wait((waiter.granted,), timeout=until - loop.time())
                self._check_patience(waiter, begin_by)
            if not waiter.granted.result():
                raise NoRoom
            taken = True
        finally:
            pace.waiting -= 1
            self._waiters.remove(waiter)
            if not taken and waiter.granted.done() and waiter.granted.result():
                self._leave(pace, lane)  # granted to one that was cancelled in the same moment

    def _check_patience(self, waiter: _Waiter, begin_by: float | None) -> None:
        if waiter.granted.done():
            return
        if waiter.lane is Lane.SLOW or self._is_full(waiter.pace, waiter.lane):
            raise NoRoom
        if begin_by is not None and asyncio.get_running_loop().time() >= begin_by:
            raise OutOfTime("no place came free in time")

    def _fits(self, pace: Pace, lane: Lane) -> bool:
        if self._running >= self.bound or self._is_full(pace, lane):
            return False
        return lane is Lane.FAST or self._running_slow < self._slow_bound

    def _is_full(self, pace: Pace, lane: Lane) -> bool:
        """Whether it is the endpoint's own attempts that leave no room; where its window is all there is, it is not."""
        if pace.window.room < self.bound and pace.running >= pace.window.room:
            return True
        return lane is Lane.SLOW and pace.running_slow >= self._slow_share(pace)

    @property
    def _slow_bound(self) -> int:
        return max(1, self.bound * 2 // 5)

    def _slow_share(self, pace: Pace) -> int:
        others = {id(one) for one in self._paces.values() if one.running_slow and one is not pace}
        return max(1, min(self._slow_bound * 3 // 5, self._slow_bound // (len(others) + 1)))

    def _take(self, pace: Pace, lane: Lane) -> None:
        self._running += 1
        pace.running += 1
        if lane is Lane.SLOW:
            self._running_slow += 1
            pace.running_slow += 1

    def _leave(self, pace: Pace, lane: Lane) -> None:
        self._running -= 1
        pace.running -= 1
        if lane is Lane.SLOW:
            self._running_slow -= 1
            pace.running_slow -= 1
        self.look()
