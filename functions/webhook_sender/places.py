"""The attempts that a process makes at once, and who may begin the next one.

An attempt has one of `bound` places, on the slow lane one of its two fifths. Silent for a second, it gives that back
and goes on among the silent, SILENT_PER_PLACE for each place at most; for whom there is no room there keeps its place.
Of all three each tenant and each endpoint leaves the others a share (pool.py). Places that nobody may take by that are
lent in the order of coming, while all that run could go among the silent: so a tenant alone has all of them, and whom
it leaves none waits for a second. On either lane an endpoint has no more than its window (window.py).

What finds no room waits in the order of coming, past those that cannot go on either, and without holding a place. Who
would wait for longer than PATIENCE_S because of its own endpoint, or because its tenant's attempts hang, is refused
(NoRoom): it goes to the slow lane, or back to it. All of this is one process's; other processes learn of a slow
endpoint by its row (care.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from functions.webhook_sender.lane import Lane
from functions.webhook_sender.pace import Key, Pace
from functions.webhook_sender.pool import TENANT, Pool
from functions.webhook_sender.window import Window

PATIENCE_S = 1.0
SILENT_PER_PLACE = 4
_MOST_PACES = 10_000


class OutOfTime(Exception):
    """No place came free in the time that the batch has; the attempt was not begun."""


class NoRoom(Exception):
    """The endpoint or its tenant has as many attempts running as it may have; the attempt was not begun."""


@dataclass(slots=True, eq=False)
class Place:
    """What an attempt holds: a place in each of `pools`."""

    pace: Pace
    lane: Lane
    pools: tuple[Pool, ...]


@dataclass(slots=True, eq=False)
class _Waiter:
    pace: Pace
    lane: Lane
    granted: asyncio.Future[Place | None]


def _ignore(_lane: Lane, _by: int) -> None: ...


class Places:
    """The places of one process. `bound` may change while it is in use. `silent_changed` is called with a lane and how
    many attempts more (or, negative, fewer) of it are among the silent."""

    def __init__(self, bound: int) -> None:
        self._all, self._slow, self._silent = Pool(bound), Pool(bound), Pool(bound)
        self._waiters: list[_Waiter] = []
        self._paces: dict[Key, Pace] = {}
        self.silent_changed: Callable[[Lane, int], None] = _ignore
        self.bound = bound

    @property
    def bound(self) -> int:
        """How many places there are."""
        return self._all.size

    @bound.setter
    def bound(self, bound: int) -> None:
        self._all.size = bound
        self._slow.size = max(1, bound * 2 // 5)
        self._silent.size = bound * SILENT_PER_PLACE
        self.look()

    def pace(self, key: Key, *, slow: bool = False) -> Pace:
        """An endpoint as it is known here, which is told whether it is `slow`."""
        found = self._paces.get(key)
        if found is None:
            if len(self._paces) >= _MOST_PACES:
                self._paces = {known: pace for known, pace in self._paces.items() if not pace.idle}
            found = self._paces[key] = Pace(key, Window(self.bound))
        found.window.most = self.bound
        found.told(slow=slow)
        return found

    @asynccontextmanager
    async def taken(self, pace: Pace, lane: Lane, begin_by: float | None) -> AsyncIterator[Place]:
        """A place for one attempt. Raises NoRoom, and OutOfTime when there was none by `begin_by` (the loop's time)."""
        if begin_by is not None and asyncio.get_running_loop().time() >= begin_by:
            raise OutOfTime("too late to begin")
        if self._fits(pace, lane, lent=True) and not pace.waiting:
            place = self._take(pace, lane)
        else:
            place = await self._wait(pace, lane, begin_by)
        try:
            yield place
        finally:
            self._leave(place)

    def refuses(self, pace: Pace) -> bool:
        """Whether one more would be refused at once."""
        return self._is_full(pace) and pace.wait_s() >= PATIENCE_S

    def fell_silent(self, place: Place) -> None:
        """An attempt has had no answer for long: its endpoint is slow. Sends away those that wait for it on the fast
        lane, and lets the attempt go on among the silent."""
        for waiter in self._waiters:
            if waiter.pace is place.pace and waiter.lane is Lane.FAST and not waiter.granted.done():
                waiter.granted.set_result(None)
        if self._silent.free and self._silent.fair(place.pace.key):
            self._move(place, (self._silent,))
            self.silent_changed(place.lane, 1)
            self.look()

    def look(self) -> None:
        """Lets begin who may, in the order of coming: something has changed. First who has a right to a place."""
        for lent in (False, True):
            for waiter in self._waiters:
                if not self._all.free or (lent and not self._lends):
                    return
                if not waiter.granted.done() and self._fits(waiter.pace, waiter.lane, lent=lent):
                    waiter.granted.set_result(self._take(waiter.pace, waiter.lane))

    async def _wait(self, pace: Pace, lane: Lane, begin_by: float | None) -> Place:
        if self.refuses(pace):
            raise NoRoom
        loop = asyncio.get_running_loop()
        waiter = _Waiter(pace, lane, loop.create_future())
        self._waiters.append(waiter)
        pace.waiting += 1
        place = None
        try:
            while not waiter.granted.done():
                patient_until = loop.time() + PATIENCE_S
                until = patient_until if begin_by is None else min(patient_until, begin_by)
                await asyncio.wait((waiter.granted,), timeout=until - loop.time())
                self._check_patience(waiter, begin_by)
            place = waiter.granted.result()
        finally:
            pace.waiting -= 1
            self._waiters.remove(waiter)
            if not place and waiter.granted.done() and (granted := waiter.granted.result()):
                self._leave(granted)  # granted to one that was cancelled in the same moment
        if not place:
            raise NoRoom
        return place

    def _check_patience(self, waiter: _Waiter, begin_by: float | None) -> None:
        if waiter.granted.done():
            return
        if waiter.lane is Lane.SLOW or self._is_full(waiter.pace):
            raise NoRoom
        if begin_by is not None and asyncio.get_running_loop().time() >= begin_by:
            raise OutOfTime("no place came free in time")

    def _fits(self, pace: Pace, lane: Lane, *, lent: bool) -> bool:
        if pace.running >= pace.window.room or not self._all.free:
            return False
        if lane is Lane.SLOW and not (self._slow.free and self._slow.fair(pace.key)):
            return False
        return self._all.fair(pace.key) or (lent and self._lends)

    @property
    def _lends(self) -> bool:
        """Whether all that run, and one more, could go among the silent even if they were one tenant's."""
        all_silent = self._all.taken + self._silent.taken + 1
        return all_silent <= TENANT * (self._silent.size - all_silent)

    def _is_full(self, pace: Pace) -> bool:
        """Whether it is the endpoint's own attempts that leave no room (where its window is all there is, they do not),
        or its tenant's while much hangs."""
        if pace.window.room < self.bound and pace.running >= pace.window.room:
            return True
        return not self._lends and not self._all.fair(pace.key)

    def _take(self, pace: Pace, lane: Lane) -> Place:
        place = Place(pace, lane, ())
        self._move(place, (self._all,) if lane is Lane.FAST else (self._all, self._slow))
        pace.running += 1
        return place

    def _move(self, place: Place, pools: tuple[Pool, ...]) -> None:
        for pool in place.pools:
            pool.leave(place.pace.key)
        for pool in pools:
            pool.take(place.pace.key)
        place.pools = pools

    def _leave(self, place: Place) -> None:
        if self._silent in place.pools:
            self.silent_changed(place.lane, -1)
        self._move(place, ())
        place.pace.running -= 1
        self.look()
