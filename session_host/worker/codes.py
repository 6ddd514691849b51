"""The QR code of the moment, as the API finds it in the cache.

An entry lives for ENTRY_S, so nobody is shown a code for longer once its worker is gone. WhatsApp takes the first code
of an attempt for 60 s, more than that: its entry is written anew for as long as it is good.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from session_host.until import until
from session_host.worker.patience import until_available
from shared.clock import Clock
from shared.models.instance import InstanceKey
from shared.store.cache import Cache, CacheKind

ENTRY_S = 30.0
RENEW_EVERY_S = 15.0

Spawn = Callable[[Coroutine[Any, Any, None]], object]


class Codes:
    """One instance's entry. `show` and `remove` are called one at a time; both wait until the store has answered."""

    def __init__(
        self, cache: Cache, key: InstanceKey, clock: Clock, spawn: Spawn, renew_every_s: float = RENEW_EVERY_S
    ) -> None:
        self._cache = cache
        self._name = str(key)
        self._clock = clock
        self._spawn = spawn
        self._renew_every_s = renew_every_s
        self._over = asyncio.Event()  # of the code of the moment
        self._writing = asyncio.Lock()  # a removal comes after the renewal that is under way

    async def show(self, code: str, valid_s: float) -> float:
        """Puts a code in place of the one before. Gives when WhatsApp stops taking it, in unix seconds."""
        self.end()
        self._over = over = asyncio.Event()
        good_until = self._clock.unix() + valid_s
        await self._put(code, good_until, over)
        if valid_s > ENTRY_S:
            self._spawn(self._renew(code, good_until, over))
        return good_until

    async def remove(self) -> None:
        """Nobody is shown a code from now on."""
        self.end()
        async with self._writing:
            await until_available(partial(self._cache.delete, CacheKind.QR, self._name))

    def end(self) -> None:
        """Leaves the entry to itself: it is gone within ENTRY_S."""
        self._over.set()

    async def _renew(self, code: str, good_until: float, over: asyncio.Event) -> None:
        while self._clock.unix() < good_until and not await until(over, self._renew_every_s):
            await self._put(code, good_until, over)

    async def _put(self, code: str, good_until: float, over: asyncio.Event) -> None:
        async def put() -> None:
            now = self._clock.unix()  # the store may have been away
            kept = min(good_until - now, ENTRY_S)
            if kept > 0 and not over.is_set():
                await self._cache.put(CacheKind.QR, self._name, {"code": code, "expires_at": now + kept}, kept)

        async with self._writing:
            await until_available(put)
