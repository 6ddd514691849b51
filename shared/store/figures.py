"""The figures of all processes, added up: one item of sums that only grow, and what they were every ten minutes.

What happened within a span is the difference of the sums now and then. So handing over is one write, whatever was
counted, and a rolling span costs one more read and write in WINDOW_S, by whoever hands over first in it.

Items are in the table of the cache, under keys that no kind of it has: `figures`, and `figures@<window>` for the sums
as they were before the first addition in that window. Where nothing was added in a window there is none; then the next
one says the same.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.store.cache_counts import KEY as CACHE_COUNTS
from shared.store.database import ConditionFailed, Database, Put, StoreError, Update, Values, absent

if TYPE_CHECKING:
    from shared.clock import Clock

TABLE = "cache"
KEY = "figures"
WINDOW_S = 600
WINDOWS = 6
"""How many whole windows a span has, besides the present one: an hour and up to ten minutes."""
_KEPT_S = (WINDOWS + 2) * WINDOW_S
_NO_COUNTS = ("key", "expires_at")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sums:
    """`total`: since the deployment began; `before`: what of it was there at `since` (unix seconds); `cache`: what the
    caches counted since the deployment began, see cache_counts.by_kind."""

    total: Mapping[str, int]
    before: Mapping[str, int]
    since: float
    cache: Mapping[str, int]


class Figures:
    """The sums of a deployment."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock
        self._begun = -1  # the window that is known to have its item

    async def add(self, counts: Mapping[str, int]) -> bool:
        """Adds to the sums. False when it is not known that they were taken."""
        try:
            await self._begin(self._window())
            await self._db.write(Update(TABLE, {"key": KEY}, adds=dict(counts)))
        except StoreError as error:
            log.warning("figures were not taken, and wait: %s", error)
            return False
        return True

    async def read(self) -> Sums:
        """The sums now and about an hour ago, and those of the caches, in one call. Raises StoreError."""
        present = self._window()
        windows = range(present - WINDOWS, present + 1)
        found = {values["key"]: values for values in await self._read([KEY, CACHE_COUNTS, *map(_name, windows)])}
        total = _counts(found.get(KEY, {}))
        earliest = next((found[_name(window)] for window in windows if _name(window) in found), None)
        before = total if earliest is None else _counts(earliest)
        return Sums(total, before, float(windows[0] * WINDOW_S), _counts(found.get(CACHE_COUNTS, {})))

    async def _begin(self, window: int) -> None:
        """Before the first addition in a window: keeps what the sums are."""
        if self._begun == window:
            return
        found = {values["key"]: values for values in await self._read([KEY, _name(window)])}
        if _name(window) not in found:
            kept = {"key": _name(window), "expires_at": (window * WINDOW_S) + _KEPT_S}
            try:
                await self._db.write(Put(TABLE, _counts(found.get(KEY, {})) | kept, absent("key")))
            except ConditionFailed:
                log.debug("another process was quicker")
        self._begun = window

    async def _read(self, names: list[str]) -> list[Values]:
        return await self._db.get_many(TABLE, [{"key": name} for name in names], consistent=True)

    def _window(self) -> int:
        return int(self._clock.unix() // WINDOW_S)


def _name(window: int) -> str:
    return f"{KEY}@{window}"


def _counts(values: Values) -> dict[str, int]:
    return {name: int(value) for name, value in values.items() if name not in _NO_COUNTS}
