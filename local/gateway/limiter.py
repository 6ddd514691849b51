"""Token buckets: one per API key and method class."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from shared.limits import Limit, MethodClass


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a call may pass, how many more may follow at once, and in how many whole seconds one more and all may."""

    passed: bool
    remaining: int
    retry_after_s: int
    full_in_s: int


_ROUNDING = 1e-9  # of tokens: sums of fractions come out a little less than whole


class Limiter:
    """Counts calls against limits; `monotonic` gives the time in seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._buckets: dict[tuple[str, MethodClass], _Bucket] = {}

    def take(self, key_id: str, method_class: MethodClass, limit: Limit) -> Verdict:
        """Takes one call from the key's allowance, if there is one left; a refused call costs nothing."""
        now = self._monotonic()
        bucket = self._buckets.setdefault((key_id, method_class), _Bucket(limit.count, now))
        bucket.tokens = min(limit.count, bucket.tokens + (now - bucket.at) * limit.per_second)
        bucket.at = now
        passed = bucket.tokens + _ROUNDING >= 1
        if passed:
            bucket.tokens = max(0.0, bucket.tokens - 1)
        return Verdict(
            passed,
            int(bucket.tokens + _ROUNDING),
            max(1, math.ceil((1 - bucket.tokens) / limit.per_second)),
            math.ceil((limit.count - bucket.tokens) / limit.per_second),
        )
