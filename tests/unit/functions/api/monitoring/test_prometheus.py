"""What a Prometheus makes of the histogram of durations."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from functions.api.monitoring import prometheus
from functions.api.monitoring.schemas import Metrics
from shared.alarms import catalog as alarms
from shared.figures import Histogram

SHARE = 0.95


def buckets_of(durations: list[float]) -> list[tuple[float, float]]:
    """Upper bounds in seconds, and how many calls took at most that long."""
    histogram = Histogram()
    for ms in durations:
        histogram.observe(ms)
    (example,) = Metrics.model_json_schema()["examples"]
    told = prometheus.text(Metrics.model_validate(example), histogram.counts())
    families = {family.name: family for family in text_string_to_metric_families(told)}
    samples = families["hivewp_request_duration_seconds"].samples
    return [(float(one.labels["le"]), one.value) for one in samples if one.name.endswith("_bucket")]


def quantile(buckets: list[tuple[float, float]]) -> float:
    """As Prometheus estimates it: on a straight line through the bucket that it is in. In seconds."""
    rank, lower, below = SHARE * buckets[-1][1], 0.0, 0.0
    for upper, count in buckets:
        if count >= rank:
            return lower + (upper - lower) * (rank - below) / (count - below) if math.isfinite(upper) else lower
        lower, below = upper, count
    raise AssertionError("the last bucket has no bound")


@pytest.mark.parametrize(("slowest", "is_on"), [(600.0, False), (990.0, False), (1_010.0, True), (2_500.0, True)])
def test_the_alarm_is_on_above_a_second_and_not_below(slowest: float, is_on: bool) -> None:
    estimate = 1000 * quantile(buckets_of([100.0] * 94 + [slowest] * 6))
    assert alarms.API_SLOW.is_bad(estimate) == is_on
    assert alarms.API_SLOW.is_bad(1000 * quantile(buckets_of([slowest] * 20))) == is_on


@given(st.lists(st.floats(0.1, 60_000) | st.floats(900, 1_100), min_size=1, max_size=40))
def test_it_is_on_when_the_true_percentile_is_beyond_it(durations: list[float]) -> None:
    true = sorted(durations)[math.ceil(SHARE * len(durations)) - 1]
    assert alarms.API_SLOW.is_bad(1000 * quantile(buckets_of(durations))) == alarms.API_SLOW.is_bad(true)
