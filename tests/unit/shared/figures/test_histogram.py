"""Percentiles out of buckets that many processes filled."""

from __future__ import annotations

import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from shared.figures.histogram import BOUNDS_MS, ERROR, LONGEST_MS, SHORTEST_MS, Histogram, bucket_of

durations = st.floats(min_value=0, max_value=60_000)
samples = st.lists(durations, max_size=60)


def of(values: list[float]) -> Histogram:
    histogram = Histogram()
    for value in values:
        histogram.observe(value)
    return histogram


@given(samples, samples, samples)
def test_merging_is_associative_and_commutative_and_the_same_as_counting_in_one_place(
    a: list[float], b: list[float], c: list[float]
) -> None:
    one, two, three = of(a), of(b), of(c)
    merged = one.merged(two).merged(three)
    assert merged == one.merged(two.merged(three)) == three.merged(one).merged(two) == of(a + b + c)


@given(samples, samples)
def test_stored_counts_add_up_like_histograms(a: list[float], b: list[float]) -> None:
    stored = Counter(of(a).counts())
    stored.update(of(b).counts())
    assert Histogram.of({**stored, "calls_2xx": 7}) == of(a + b)


@given(st.lists(durations, min_size=1, max_size=200), st.sampled_from([0.01, 0.5, 0.9, 0.95, 0.99, 1.0]))
def test_a_percentile_is_near_the_true_one(values: list[float], share: float) -> None:
    true = sorted(values)[max(1, math.ceil(share * len(values))) - 1]
    bounded = min(max(true, SHORTEST_MS), LONGEST_MS)
    found = of(values).quantile(share)
    assert found is not None
    assert bounded / (1 + ERROR) * 0.999999 <= found <= bounded * (1 + ERROR) * 1.000001


@given(durations)
def test_a_value_is_within_the_bounds_of_its_bucket(value: float) -> None:
    bucket = bucket_of(value)
    assert bucket == len(BOUNDS_MS) or value <= BOUNDS_MS[bucket]
    assert bucket == 0 or value > BOUNDS_MS[bucket - 1]


@given(st.lists(durations | st.floats(900, 1_100), min_size=1, max_size=40))
def test_whether_a_percentile_is_above_a_second_is_known_exactly(values: list[float]) -> None:
    found = of(values).quantile(0.95)
    assert found is not None
    assert (found > 1_000) == (sorted(values)[math.ceil(0.95 * len(values)) - 1] > 1_000)


def test_a_bound_belongs_to_its_own_bucket() -> None:
    assert [bucket_of(bound) for bound in BOUNDS_MS] == list(range(len(BOUNDS_MS)))


def test_of_nothing_there_is_no_percentile() -> None:
    assert Histogram().quantile(0.95) is None
    assert Histogram().counts() == {}
