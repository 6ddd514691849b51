"""Durations in buckets whose bounds grow by a fixed factor: adding the buckets of many processes loses nothing.

An average of percentiles is no percentile. Counts of buckets can be added in any order, and a percentile of their sum
is as exact as its bucket is narrow: four to each doubling, so at most 9.1 % off (ERROR). One bound is at a second,
which is what alarms ask about: whether a percentile is above it is known exactly.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

STEPS_A_DOUBLING = 4
SHORTEST_MS = 1000 / 2**11  # 0.49
LONGEST_MS = SHORTEST_MS * 2**16  # 32 s: API Gateway ends a call after 29
BOUNDS_MS = tuple(SHORTEST_MS * 2 ** (step / STEPS_A_DOUBLING) for step in range(16 * STEPS_A_DOUBLING + 1))
ERROR = 2 ** (1 / (2 * STEPS_A_DOUBLING)) - 1
"""How far a percentile may be off, as a share of it, between SHORTEST_MS and LONGEST_MS; beyond, it is that bound."""

_BUCKET, _SUM = "ms_", "us_sum"


@dataclass(slots=True)
class Histogram:
    """`buckets`: how many values were at most BOUNDS_MS[i] and above the bound before, or above all: len(BOUNDS_MS).

    `sum_us` is the sum of all values in microseconds."""

    buckets: Counter[int] = field(default_factory=Counter)
    sum_us: int = 0

    @property
    def count(self) -> int:
        """How many values there are."""
        return self.buckets.total()

    def observe(self, ms: float) -> None:
        """Adds a value."""
        self.buckets[bucket_of(ms)] += 1
        self.sum_us += round(ms * 1000)

    def merged(self, other: Histogram) -> Histogram:
        """Both together."""
        return Histogram(self.buckets + other.buckets, self.sum_us + other.sum_us)

    def quantile(self, share: float) -> float | None:
        """The value in ms that so large a share (0 to 1) of all does not exceed; None when there are none."""
        rank, seen = max(1, math.ceil(share * self.count)), 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen >= rank:
                return _middle(bucket)
        return None

    def counts(self) -> dict[str, int]:
        """Its stored form: numbers that may be added to those of others."""
        stored = {f"{_BUCKET}{bucket}": count for bucket, count in self.buckets.items()}
        return stored | {_SUM: self.sum_us} if stored else {}

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> Histogram:
        """The histogram in stored counts; other names in there are passed over."""
        found = {int(name[len(_BUCKET) :]): count for name, count in counts.items() if name.startswith(_BUCKET)}
        return cls(Counter({bucket: count for bucket, count in found.items() if count > 0}), counts.get(_SUM, 0))


def bucket_of(ms: float) -> int:
    """The bucket that a value falls into."""
    if ms <= SHORTEST_MS:
        return 0
    if ms > LONGEST_MS:
        return len(BOUNDS_MS)
    near = math.ceil(STEPS_A_DOUBLING * math.log2(ms / SHORTEST_MS))
    if near and BOUNDS_MS[near - 1] >= ms:  # the logarithm may be off by its last digit
        return near - 1
    return near if BOUNDS_MS[near] >= ms else near + 1


def _middle(bucket: int) -> float:
    """What is off by the same factor from both ends of a bucket."""
    if bucket == 0:
        return SHORTEST_MS
    if bucket == len(BOUNDS_MS):
        return LONGEST_MS
    return math.sqrt(BOUNDS_MS[bucket - 1] * BOUNDS_MS[bucket])
