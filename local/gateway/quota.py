"""A plan's quota: calls of a key in a day of UTC, as API Gateway counts them. Kept in memory: a restart renews it."""

from __future__ import annotations

from collections.abc import Callable

from shared.limits import DAY_S, Plan, until_midnight_s
from shared.rate_limit_fields import Standing, calls_per_day


class DailyQuota:
    """Counts calls against a quota; `unix` gives the time in seconds."""

    def __init__(self, unix: Callable[[], float]) -> None:
        self._unix = unix
        self._day = 0
        self._used: dict[str, int] = {}

    def take(self, key_id: str, plan: Plan) -> bool:
        """Takes one call, if there is one left; a refused call costs nothing."""
        passed = self.standing(key_id, plan).left > 0
        if passed:
            self._used[key_id] = self._used.get(key_id, 0) + 1
        return passed

    def standing(self, key_id: str, plan: Plan) -> Standing:
        """How a key stands now."""
        now = self._unix()
        if now // DAY_S != self._day:
            self._day, self._used = int(now // DAY_S), {}
        left = plan.quota_per_day - self._used.get(key_id, 0)
        return calls_per_day(plan, max(0, left), until_midnight_s(now))
