"""A plan's quota: calls of a key in a day of UTC, as API Gateway counts them. Kept in memory: a restart renews it."""

from __future__ import annotations

import math
from collections.abc import Callable

DAY_S = 86_400


class DailyQuota:
    """Counts calls against a quota; `unix` gives the time in seconds."""

    def __init__(self, unix: Callable[[], float]) -> None:
        self._unix = unix
        self._day = 0
        self._used: dict[str, int] = {}

    def take(self, key_id: str, quota: int) -> int | None:
        """Takes one call. None: it may pass; else in how many seconds the quota is renewed."""
        now = self._unix()
        if now // DAY_S != self._day:
            self._day, self._used = int(now // DAY_S), {}
        used = self._used.get(key_id, 0)
        if used >= quota:
            return math.ceil((self._day + 1) * DAY_S - now)
        self._used[key_id] = used + 1
        return None
