"""The retry schedule."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.webhook_sender.decide import SCHEDULE_S, SPREAD, Dead, Delivered, Retry, decide
from shared.models.dead_reason import DeadReason
from shared.models.webhook import Attempt

schedules = st.lists(st.floats(0.001, 1e6), max_size=12)
failures = st.one_of(
    st.builds(
        lambda status: Attempt("", 1, status), st.integers(100, 599).filter(lambda s: not 200 <= s < 300 and s != 410)
    ),
    st.builds(lambda error: Attempt("", 1, error=error), st.text(min_size=1)),
)
jitters = st.floats(0, 1)


def test_the_schedule_is_the_promised_one() -> None:
    assert SCHEDULE_S == (1, 2, 4, 30, 5 * 60, 30 * 60, 2 * 3600, 6 * 3600, 12 * 3600)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_is_a_success(status: int) -> None:
    assert decide(Attempt("", 1, status), 0, SCHEDULE_S, 0) == Delivered()


@pytest.mark.parametrize("status", [100, 199, 300, 301, 307, 400, 404, 429, 500, 503])
def test_nothing_else_is(status: int) -> None:
    assert decide(Attempt("", 1, status), 0, SCHEDULE_S, 0) == Retry(1)


def test_one_that_is_gone_is_not_asked_again() -> None:
    assert decide(Attempt("", 1, 410), 0, SCHEDULE_S, 0) == Dead(DeadReason.GONE)


@given(failures, st.integers(0, len(SCHEDULE_S) - 1), st.floats(0.001, 3600))
def test_an_endpoint_is_never_called_sooner_than_it_asks_nor_than_the_schedule_says(
    outcome: Attempt, number: int, retry_after_s: float
) -> None:
    asked = decide(outcome, number, SCHEDULE_S, 0, retry_after_s)
    assert asked == Retry(math.ceil(max(retry_after_s, SCHEDULE_S[number])))


@pytest.mark.parametrize(
    ("number", "asked_s", "jitter", "comes_s"),
    [(0, 100, 0.5, 105), (0, 3500, 1, 3600), (0, 3600, 1, 3600), (5, 3600, 1, 3600), (6, 3600, 0.5, 7560)],
)
def test_what_it_asks_for_is_spread_and_ends_within_an_hour_or_when_it_was_due(
    number: int, asked_s: float, jitter: float, comes_s: float
) -> None:
    assert decide(Attempt("", 1, 503), number, SCHEDULE_S, jitter, asked_s) == Retry(comes_s)


@given(st.integers(200, 299), st.integers(0, 30), schedules, jitters)
def test_a_success_ends_it_at_any_attempt(status: int, number: int, schedule: list[float], jitter: float) -> None:
    assert decide(Attempt("", 1, status), number, schedule, jitter) == Delivered()


@given(failures, schedules, jitters)
def test_failures_use_the_schedule_up_and_then_end(outcome: Attempt, schedule: list[float], jitter: float) -> None:
    verdicts = [decide(outcome, number, schedule, jitter) for number in range(len(schedule) + 3)]
    waits = [verdict.after_s for verdict in verdicts if isinstance(verdict, Retry)]
    assert verdicts[len(schedule) :] == [Dead(DeadReason.SCHEDULE)] * 3
    assert len(waits) == len(schedule)
    assert sum(schedule) <= sum(waits) <= sum(schedule) * (1 + SPREAD) * (1 + 1e-9)


@given(failures, st.lists(jitters, min_size=len(SCHEDULE_S), max_size=len(SCHEDULE_S)))
def test_every_wait_is_longer_than_the_one_before(outcome: Attempt, jitter: list[float]) -> None:
    verdicts = [decide(outcome, number, SCHEDULE_S, jitter[number]) for number in range(len(SCHEDULE_S))]
    waits = [verdict.after_s for verdict in verdicts if isinstance(verdict, Retry)]
    assert waits == sorted(set(waits))
    assert len(waits) == len(SCHEDULE_S)
