"""How often the cache helped, counted across all processes.

Each process sums up in memory and adds that to one item now and then: a write every FLUSH_EVERY_S and process at most,
none while nothing happens. What a process had not added yet when it died is missing; what was added while no answer
came is counted twice. So the sums are for rates, not for bills.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from shared.store.database import Database, StoreError, Update

if TYPE_CHECKING:
    from shared.clock import Clock

TABLE = "cache"
KEY = "counts"  # no kind of the cache: those have a # in their keys
FIGURES = ("hits", "misses", "expired", "writes")
FLUSH_EVERY_S = 5.0

log = logging.getLogger(__name__)


class CacheCounts:
    """What happened to each kind since the beginning."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock
        self._pending: Counter[str] = Counter()
        self._flushed_at = float("-inf")

    def add(self, kind: str, figure: str, amount: int = 1) -> None:
        """Counts on; `figure` is one of FIGURES."""
        if amount:
            self._pending[f"{kind}_{figure}"] += amount

    async def flush(self, *, now: bool = False) -> None:
        """Adds what is pending to the sums, unless that was done a moment ago (or `now`). Never raises StoreError."""
        time = self._clock.monotonic()
        if not self._pending or (time - self._flushed_at < FLUSH_EVERY_S and not now):
            return
        self._flushed_at = time
        pending, self._pending = self._pending, Counter()
        try:
            await self._db.write(Update(TABLE, {"key": KEY}, adds=dict(pending)))
        except StoreError as error:
            log.warning("the cache's counts were not taken, and wait: %s", error)
            self._pending += pending

    async def read(self, kinds: Iterable[str]) -> dict[str, dict[str, int]]:
        """The sums of these kinds by figure, without what is pending anywhere. Raises StoreError.

        Read consistently and of one item alone, so they never go back, whichever process is asked.
        """
        return by_kind(await self._db.get(TABLE, {"key": KEY}) or {}, kinds)


def by_kind(stored: Mapping[str, Any], kinds: Iterable[str]) -> dict[str, dict[str, int]]:
    """The stored sums of these kinds by figure."""
    return {kind: {figure: int(stored.get(f"{kind}_{figure}", 0)) for figure in FIGURES} for kind in kinds}
