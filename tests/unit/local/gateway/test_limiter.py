from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from local.gateway.limiter import Limiter
from shared.limits import Limit, MethodClass

MESSAGES, QUERIES = MethodClass.MESSAGES, MethodClass.QUERIES


class Time:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Reference:
    """A token bucket in whole numbers: what comes back in a tick of 1/60 s is counted in 1/(60 * window) of a call."""

    def __init__(self, limit: Limit) -> None:
        self.per_tick, self.call = limit.count, 60 * limit.window_s
        self.most = self.held = limit.count * self.call

    def take(self, ticks: int) -> bool:
        self.held = min(self.most, self.held + ticks * self.per_tick)
        if self.held < self.call:
            return False
        self.held -= self.call
        return True


def test_the_whole_window_may_be_spent_at_once_and_comes_back_evenly() -> None:
    time = Time()
    limiter, limit = Limiter(time), Limit(6, 60)
    assert [limiter.take("key", MESSAGES, limit).remaining for _ in range(6)] == [5, 4, 3, 2, 1, 0]
    refused = limiter.take("key", MESSAGES, limit)
    assert (refused.passed, refused.retry_after_s, refused.full_in_s) == (False, 10, 60)
    time.now += 9.9
    assert not limiter.take("key", MESSAGES, limit).passed
    time.now += 0.1
    assert limiter.take("key", MESSAGES, limit).passed
    assert not limiter.take("key", MESSAGES, limit).passed


def test_keys_and_classes_have_allowances_of_their_own() -> None:
    limiter, limit = Limiter(Time()), Limit(1, 60)
    assert limiter.take("a", MESSAGES, limit).passed
    assert not limiter.take("a", MESSAGES, limit).passed
    assert limiter.take("b", MESSAGES, limit).passed
    assert limiter.take("a", QUERIES, limit).passed


@given(
    st.integers(1, 50),
    st.sampled_from([60, 300]),
    st.lists(st.one_of(st.just(0), st.integers(0, 3000), st.integers(0, 40_000)), max_size=150),
)
def test_it_is_a_bucket_that_starts_full_and_is_refilled_evenly(count: int, window_s: int, ticks: list[int]) -> None:
    time = Time()
    limiter, limit = Limiter(time), Limit(count, window_s)
    reference, elapsed = Reference(limit), 0
    for gap in ticks:
        elapsed += gap
        time.now = 1000 + elapsed / 60
        verdict = limiter.take("key", MESSAGES, limit)
        assert verdict.passed is reference.take(gap)
        assert verdict.remaining == reference.held // reference.call


@given(
    st.integers(1, 50),
    st.integers(1, 300),
    st.lists(st.floats(0, 30, allow_nan=False), min_size=1, max_size=200),
)
def test_no_pattern_of_calls_gets_more_than_burst_and_rate(count: int, window_s: int, gaps: list[float]) -> None:
    time = Time()
    limiter, limit = Limiter(time), Limit(count, window_s)
    began, passed = time.now, 0
    for gap in gaps:
        time.now += gap
        verdict = limiter.take("key", MESSAGES, limit)
        passed += verdict.passed
        assert passed <= count + (time.now - began) * limit.per_second + 1e-6
        assert verdict.retry_after_s >= 1
        assert 0 <= verdict.remaining < count


@given(st.integers(1, 50), st.integers(1, 300))
@example(1, 161)  # 161 * (1 / 161) is less than 1
def test_who_waits_as_told_passes(count: int, window_s: int) -> None:
    time = Time()
    limiter, limit = Limiter(time), Limit(count, window_s)
    while (verdict := limiter.take("key", MESSAGES, limit)).passed:
        pass
    time.now += verdict.retry_after_s
    assert limiter.take("key", MESSAGES, limit).passed
