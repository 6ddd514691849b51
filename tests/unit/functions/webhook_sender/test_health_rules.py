"""The story of an endpoint, as its attempts tell it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.webhook_sender.decide import SCHEDULE_S
from functions.webhook_sender.health_rules import (
    CATCH_UP_EVERY_S,
    DAY_S,
    DISABLED_AFTER_S,
    LONGEST_PAUSE_S,
    RENEWED_S,
    SLOW_S,
    WARNED_AFTER_S,
    Change,
    after_failure,
    after_gone,
    after_success,
    caught_up,
    no_longer_slow,
    paused,
    slowed,
)
from shared.models.endpoint_health import BEFORE_S, OLDEST_S, DisabledReason, EndpointHealth, HealthState, woken
from shared.models.event import EventType
from shared.store.webhook_journal import EndpointChange
from tests.fakes.clock import NOW

HEALTHY = EndpointHealth()
FAILING = EndpointHealth(failing_since=NOW)


def made(health: EndpointHealth, change: Change | None) -> EndpointHealth:
    """The health after a change, which was seen as it is."""
    if change is None:
        return health
    assert all(getattr(health, name) == value for name, value in change.seen.items())
    return replace(health, **change.sets)


def test_one_failure_is_no_news_and_a_second_in_a_row_is() -> None:
    assert after_failure(HEALTHY, 0, NOW, "status 500") is None
    change = after_failure(HEALTHY, 1, NOW, "status 500")
    assert change is not None
    assert (change.code, change.detail, change.event) == (EndpointChange.FAILING, "status 500", None)
    assert made(HEALTHY, change).state(NOW) is HealthState.FAILING


def test_two_failures_of_an_event_between_which_others_are_delivered_are_that_events() -> None:
    assert after_failure(HEALTHY, 5, NOW, "status 422", others_delivered=True) is None
    assert after_failure(FAILING, 5, NOW + WARNED_AFTER_S, "status 422", others_delivered=True) is not None


def test_a_success_ends_it() -> None:
    warned = replace(FAILING, warned_at=NOW + WARNED_AFTER_S, last_error="status 500")
    change = after_success(warned, NOW + DAY_S)
    assert change is not None
    assert change.code is EndpointChange.RECOVERED
    at = NOW + DAY_S
    assert made(warned, change) == EndpointHealth(behind_since=NOW - BEFORE_S, catch_up_at=at)
    assert made(made(warned, change), caught_up(at)) == EndpointHealth(catch_up_at=at)
    assert after_success(HEALTHY, NOW) is None, "an endpoint that does well costs no write"


@given(waits=st.lists(st.floats(0.1, 40), min_size=1, max_size=20))
def test_catch_ups_begin_apart_from_each_other_and_from_the_first_failure_on(waits: list[float]) -> None:
    health, now, begun = EndpointHealth(), NOW, []
    for wait_s in waits:
        health = made(health, after_failure(health, 1, now, "status 500"))
        now += wait_s
        change = after_success(health, now)
        assert change is not None
        health = made(health, change)
        begun += [change.sets["catch_up_at"]] if "catch_up_at" in change.sets else []
        assert health.catch_up_at is not None, "one has begun, or is to begin"
        assert begun[-1] == health.catch_up_at
    assert health.behind_since == NOW - BEFORE_S
    assert all(later - one >= CATCH_UP_EVERY_S - 0.001 for one, later in pairwise(begun))


def test_after_three_days_it_is_disabled_with_a_warning_at_half_the_time() -> None:
    health, events = FAILING, []
    for hour in range(1, 24 * 4):
        change = after_failure(health, 3, NOW + hour * 3600, "status 500")
        if change:
            events.append((hour, change.event))
            health = made(health, change)
    assert events == [(36, EventType.WEBHOOK_FAILING), (72, EventType.WEBHOOK_DISABLED)]
    assert health.disabled_reason is DisabledReason.FAILING
    assert health.reason is not None
    assert health.reason.code == "failing"
    assert after_success(health, NOW + 5 * DAY_S) is None, "only its owner enables it again"


def test_it_is_never_disabled_without_notice_however_seldom_it_is_called() -> None:
    late = NOW + 10 * DAY_S
    warned = made(FAILING, after_failure(FAILING, 1, late, "status 500"))
    assert (warned.warned_at, warned.disabled_at) == (late, None)
    assert after_failure(warned, 1, late + 23 * 3600, "status 500") is None
    assert made(warned, after_failure(warned, 1, late + 24 * 3600, "x")).state(late) is HealthState.DISABLED


def test_gone_is_disabled_at_once_and_once() -> None:
    change = after_gone(HEALTHY, NOW)
    assert change is not None
    assert (change.code, change.event) == (EndpointChange.DISABLED, EventType.WEBHOOK_DISABLED)
    gone = made(HEALTHY, change)
    assert gone.disabled_reason is DisabledReason.GONE
    assert after_gone(gone, NOW + 1) is None
    assert after_failure(gone, 1, NOW + 1, "x") is None


def test_an_endpoint_that_stays_slow_is_written_so_every_quarter_of_a_minute_and_journaled_once() -> None:
    health, written, journaled = HEALTHY, [], 0
    for second in range(60):
        change = slowed(health, NOW + second)
        if change:
            written.append(second)
            journaled += change.code is EndpointChange.SLOW
            health = made(health, change)
    assert written == [0, 15, 30, 45]
    assert (journaled, health.slow_since) == (1, NOW)
    assert health.slow_at(NOW + 45 + SLOW_S - RENEWED_S)
    assert not health.slow_at(NOW + 45 + SLOW_S)


def test_one_that_is_quick_again_is_so_at_once() -> None:
    slow = made(HEALTHY, slowed(HEALTHY, NOW))
    assert made(slow, no_longer_slow(slow, NOW + 2)) == HEALTHY
    assert no_longer_slow(slow, NOW + SLOW_S) is None, "it has run out by itself"


@pytest.mark.parametrize(("asked_s", "granted_s"), [(20.0, 20.0), (3600.0, LONGEST_PAUSE_S)])
def test_a_pause_is_granted_within_limits(asked_s: float, granted_s: float) -> None:
    pause = paused(HEALTHY, NOW, asked_s)
    health = made(HEALTHY, pause)
    assert health.state(NOW) is HealthState.PAUSED
    assert health.paused_until == NOW + granted_s
    assert paused(health, NOW + 0.5, asked_s) is None, "those that ran at the same time say the same"


@given(st.lists(st.tuples(st.sampled_from("sfgwqp"), st.floats(0, DAY_S)), max_size=60))
def test_whatever_happens_it_is_disabled_only_by_gone_or_by_three_days_of_failures_after_a_warning(
    story: list[tuple[str, float]],
) -> None:
    health, now, last_success = HEALTHY, NOW, NOW
    gone, warned = False, False
    for what, pause_s in story:
        now += pause_s
        change = _step(what, health, now)
        if what == "s":
            last_success = now
        if change and change.event is EventType.WEBHOOK_FAILING:
            warned = True
            assert now - last_success >= WARNED_AFTER_S
        if change and change.event is EventType.WEBHOOK_DISABLED:
            gone = what == "g"
            assert gone or (warned and now - last_success >= DISABLED_AFTER_S)
        if health.disabled_at is not None:
            assert change is None or not change.event
        health = made(health, change)
        if what == "s" and health.disabled_at is None:
            assert (health.failing_since, health.warned_at) == (None, None)
            warned = False


def _step(what: str, health: EndpointHealth, now: float) -> Change | None:
    match what:
        case "s":
            return after_success(health, now)
        case "f":
            return after_failure(health, 1, now, "status 500")
        case "g":
            return after_gone(health, now)
        case "w":
            return slowed(health, now)
        case "q":
            return no_longer_slow(health, now)
        case _:
            return paused(health, now, 60)


def test_one_that_comes_and_goes_for_days_begins_with_what_may_still_wait() -> None:
    health = replace(FAILING, behind_since=NOW)
    later = NOW + 10 * DAY_S
    assert made(health, after_success(health, later)).behind_since == later - OLDEST_S
    assert woken(health, later)["behind_since"] == later - OLDEST_S
    assert woken(health, NOW + 1)["behind_since"] == NOW - BEFORE_S
    assert 2 * sum(SCHEDULE_S) < OLDEST_S
