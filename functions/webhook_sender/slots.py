"""Limits how many attempts a process makes at once (a bulkhead), and decides who may begin the next one.

An attempt holds one of `bound` slots; attempts of the slow lane may hold two fifths of them. After a second without an
answer an attempt moves to a separate pool (SILENT_PER_SLOT for each slot) and frees its slot; where that pool is full
it keeps it. In each of the three pools every tenant and every endpoint must leave the others a share (pool.py). Slots
that nobody may take by that rule are lent, first come first served, as long as all running attempts could still move to
the silent pool: so a tenant alone has all of them, and whoever it leaves none waits for a second. On either lane an
endpoint has no more attempts than its window (window.py).

What finds no room waits in the order of coming, past those that cannot go on either, and holds no slot meanwhile. A
task that would wait longer than PATIENCE_S because of its own endpoint, or because its tenant's attempts hang, gets
NoSlot: it goes to the slow lane, or back to it. All of this is about one process; other processes learn of a slow
endpoint by its row (health_cache.py).
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
SILENT_PER_SLOT = 4
_MOST_PACES = 10_000


class OutOfTime(Exception):
    """No slot came free in the time that the batch has; the attempt was not begun."""


class NoSlot(Exception):
    """The endpoint or its tenant has as many attempts running as it may have; the attempt was not begun."""


@dataclass(slots=True, eq=False)
class Slot:
    """What an attempt holds: a slot in each of `pools`."""

    pace: Pace
    lane: Lane
    pools: tuple[Pool, ...]


@dataclass(slots=True, eq=False)
class _Waiter:
    pace: Pace
    lane: Lane
    granted: asyncio.Future[Slot | None]


def _ignore(_lane: Lane, _by: int) -> None: ...


class Slots:
    """The slots of one process. `bound` may change while it is in use. `silent_changed` is called with a lane and how
    many attempts more (or, negative, fewer) of it are among the silent."""

    def __init__(self, bound: int) -> None:
        self._all, self._slow, self._silent = Pool(bound), Pool(bound), Pool(bound)
        self._waiters: list[_Waiter] = []
        self._paces: dict[Key, Pace] = {}
        self.silent_changed: Callable[[Lane, int], None] = _ignore
        self.bound = bound

    @property
    def bound(self) -> int:
        """How many slots there are."""
        return self._all.size

    @bound.setter
    def bound(self, bound: int) -> None:
        self._all.size = bound
        self._slow.size = max(1, bound * 2 // 5)
        self._silent.size = bound * SILENT_PER_SLOT
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
    async def taken(self, pace: Pace, lane: Lane, begin_by: float | None) -> AsyncIterator[Slot]:
        """A slot for one attempt. Raises NoSlot, and OutOfTime when there was none by `begin_by` (the loop's time)."""
        if begin_by is not None and asyncio.get_running_loop().time() >= begin_by:
            raise OutOfTime("too late to begin")
        if self._fits(pace, lane, lent=True) and not pace.waiting:
            slot = self._take(pace, lane)
        else:
            slot = await self._wait(pace, lane, begin_by)
        try:
            yield slot
        finally:
            self._leave(slot)

    def refuses(self, pace: Pace) -> bool:
        """Whether one more would be refused at once."""
        return self._is_full(pace) and pace.wait_s() >= PATIENCE_S

    def fell_silent(self, slot: Slot) -> None:
        """An attempt has had no answer for long: its endpoint is slow. Sends away those that wait for it on the fast
        lane, and lets the attempt go on among the silent."""
        for waiter in self._waiters:
            if waiter.pace is slot.pace and waiter.lane is Lane.FAST and not waiter.granted.done():
                waiter.granted.set_result(None)
        if self._silent.free and self._silent.fair(slot.pace.key):
            self._move(slot, (self._silent,))
            self.silent_changed(slot.lane, 1)
            self.look()

    def look(self) -> None:
        """Lets begin who may, in the order of coming: something has changed. First who has a right to a slot."""
        for lent in (False, True):
            for waiter in self._waiters:
                if not self._all.free or (lent and not self._lends):
                    return
                if not waiter.granted.done() and self._fits(waiter.pace, waiter.lane, lent=lent):
                    waiter.granted.set_result(self._take(waiter.pace, waiter.lane))

    async def _wait(self, pace: Pace, lane: Lane, begin_by: float | None) -> Slot:
        if self.refuses(pace):
            raise NoSlot
        loop = asyncio.get_running_loop()
        waiter = _Waiter(pace, lane, loop.create_future())
        self._waiters.append(waiter)
        pace.waiting += 1
        slot = None
        try:
            while not waiter.granted.done():
                patient_until = loop.time() + PATIENCE_S
                until = patient_until if begin_by is None else min(patient_until, begin_by)
                await asyncio.wait((waiter.granted,), timeout=until - loop.time())
                self._check_patience(waiter, begin_by)
            slot = waiter.granted.result()
        finally:
            pace.waiting -= 1
            self._waiters.remove(waiter)
            if not slot and waiter.granted.done() and (granted := waiter.granted.result()):
                self._leave(granted)  # granted to one that was cancelled in the same moment
        if not slot:
            raise NoSlot
        return slot

    def _check_patience(self, waiter: _Waiter, begin_by: float | None) -> None:
        if waiter.granted.done():
            return
        if waiter.lane is Lane.SLOW or self._is_full(waiter.pace):
            raise NoSlot
        if begin_by is not None and asyncio.get_running_loop().time() >= begin_by:
            raise OutOfTime("no slot came free in time")

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

    def _take(self, pace: Pace, lane: Lane) -> Slot:
        slot = Slot(pace, lane, ())
        self._move(slot, (self._all,) if lane is Lane.FAST else (self._all, self._slow))
        pace.running += 1
        return slot

    def _move(self, slot: Slot, pools: tuple[Pool, ...]) -> None:
        for pool in slot.pools:
            pool.leave(slot.pace.key)
        for pool in pools:
            pool.take(slot.pace.key)
        slot.pools = pools

    def _leave(self, slot: Slot) -> None:
        if self._silent in slot.pools:
            self.silent_changed(slot.lane, -1)
        self._move(slot, ())
        slot.pace.running -= 1
        self.look()
