"""An alarm is on and off as CloudWatch would have it, by figures that were read in the test's own time."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.alerts.alert import State
from local.alerts.history import LONGEST_S, Figure, History, NoFigure
from local.alerts.judge import judge
from local.alerts.reading import COUNTED, GAUGES, WATCHED, Reading
from local.monitoring.judged import JUDGED
from shared.alarms import ALL, Alarm
from shared.alarms import catalog as alarms
from shared.figures import ATTEMPTS_DELIVERED, ATTEMPTS_FAILED, CLIENTS_OUTDATED, DELIVERIES_DEAD, Histogram, calls_name

BEGAN = 1_800_000_000.0
OK, ON = State.OK, State.ALARM


class Time:
    """Reads once every half minute; says what an alarm is after each."""

    def __init__(self, alarm: Alarm, before: State = OK) -> None:
        self.alarm, self.state = alarm, before
        self.now = BEGAN
        self.history = History()
        self.counts: dict[str, int] = {}

    def reads(self, gauge: float | None = None, adds: Mapping[str, int] | None = None) -> State:
        self.counts = {
            name: self.counts.get(name, 0) + (adds or {}).get(name, 0) for name in {*self.counts, *(adds or {})}
        }
        gauges = {} if gauge is None else {self.alarm: gauge}
        self.history.add(Reading(self.now, gauges, self.counts))
        return self.judged()

    def judged(self) -> State:
        self.state = judge(self.alarm, self.history.periods(self.alarm, self.now), self.state)
        self.now += 30
        return self.state

    def minutes(self, minutes: float, gauge: float | None = None, adds: Mapping[str, int] | None = None) -> list[State]:
        return [self.reads(gauge, adds) for _ in range(round(minutes * 2))]


def test_what_prometheus_judges_is_judged_here() -> None:
    assert set(WATCHED) == set(JUDGED)
    assert not {*GAUGES} & {*COUNTED}


def test_a_full_dead_letter_queue_is_told_at_once_and_over_a_minute_after_it_is_empty() -> None:
    time = Time(alarms.COMMANDS_DEAD)
    assert time.reads(1) is ON
    assert time.minutes(1.5, 0) == [ON, OK, OK]


def test_a_delivery_that_dies_is_told_and_over_five_minutes_later_whatever_is_on_the_queue() -> None:
    time = Time(alarms.DELIVERIES_DEAD)
    time.minutes(6, adds={})
    assert time.reads(adds={DELIVERIES_DEAD: 1}) is ON
    assert time.minutes(4, adds={})[-1] is ON
    assert time.minutes(2, adds={})[-1] is OK


def test_a_partition_that_changes_hands_is_no_alarm_and_one_without_an_owner_is_after_three_minutes() -> None:
    time = Time(alarms.PARTITION_UNOWNED)
    assert set(time.minutes(5, 0)) == {OK}
    assert {*time.minutes(1, 1), *time.minutes(5, 0)} == {OK}
    assert time.minutes(3, 1)[-1] is ON
    assert time.minutes(2, 0)[-1] is OK


def test_hosts_that_start_are_no_alarm() -> None:
    """Nothing is known of the time before the first look."""
    time = Time(alarms.PARTITION_UNOWNED)
    assert {*time.minutes(1, 2), *time.minutes(5, 0)} == {OK}


def test_an_alarm_that_was_told_before_a_restart_is_over_only_when_that_is_known() -> None:
    time = Time(alarms.HOST_MEMORY_HIGH, before=ON)
    assert set(time.minutes(2, 50)) == {ON}
    assert time.minutes(3, 50)[-1] is OK


def test_three_minutes_of_five_are_enough() -> None:
    time = Time(alarms.HOST_MEMORY_HIGH)
    time.minutes(5, 50)
    assert [*time.minutes(1, 95), *time.minutes(1, 50), *time.minutes(1, 95), *time.minutes(1, 50)][-1] is OK
    assert time.minutes(1, 95)[-1] is ON


def test_nobody_calls_is_good_and_a_few_slow_calls_are() -> None:
    slow = Histogram()
    for _ in range(3):
        slow.observe(5_000)
    time = Time(alarms.API_SLOW)
    assert {*time.minutes(10), *time.minutes(30, adds={}), time.reads(adds=slow.counts()), *time.minutes(20)} == {OK}
    for _ in range(7):
        slow.observe(5_000)
    assert set(time.minutes(4, adds=slow.counts())) == {OK}, "one period of five minutes"
    assert time.minutes(6, adds=slow.counts())[-1] is ON
    fast = Histogram()
    for _ in range(1_000):
        fast.observe(5)
    assert time.minutes(15, adds=fast.counts())[-1] is OK


@pytest.mark.parametrize(
    ("alarm", "bad", "good"),
    [
        (alarms.WEBHOOKS_FAILING, {ATTEMPTS_FAILED: 1, ATTEMPTS_DELIVERED: 9}, {ATTEMPTS_DELIVERED: 50}),
        (alarms.API_FAILING, {calls_name("5xx"): 1, calls_name("2xx"): 9}, {calls_name("2xx"): 200}),
        (alarms.CACHE_COLD, {"numbers_misses": 50, "numbers_hits": 50}, {"numbers_hits": 900}),
    ],
    ids=lambda one: one.id if isinstance(one, Alarm) else "",
)
def test_a_share_is_judged_by_what_was_counted_in_each_period(
    alarm: Alarm, bad: dict[str, int], good: dict[str, int]
) -> None:
    time = Time(alarm)
    assert set(time.minutes(20, adds=good)) == {OK}
    assert time.minutes(20, adds=bad)[-1] is ON
    assert time.minutes(30, adds=good)[-1] is OK


def test_a_client_that_is_outdated_is_told_with_the_first_refusal_that_is_counted() -> None:
    time = Time(alarms.CLIENT_OUTDATED)
    time.minutes(6)
    assert time.reads(adds={CLIENTS_OUTDATED: 1}) is ON
    assert time.minutes(6)[-1] is OK


def test_what_is_bad_already_need_not_wait_for_the_end_of_the_first_period() -> None:
    time = Time(alarms.CLIENT_OUTDATED)
    time.reads(adds={CLIENTS_OUTDATED: 7})  # of a time before
    assert time.reads() is OK
    assert time.reads(adds={CLIENTS_OUTDATED: 1}) is ON


def test_without_a_word_from_the_store_hosts_are_taken_to_be_gone() -> None:
    silent, quiet = Time(alarms.PARTITION_UNOWNED), Time(alarms.INSTANCES_CONNECTED)
    for time, gauge in ((silent, 0), (quiet, 100)):
        time.minutes(5, gauge)
        for _ in range(12):
            time.judged()
    assert (silent.state, quiet.state) == (ON, OK)


def test_a_history_is_no_longer_than_anybody_looks_back() -> None:
    time = Time(alarms.CACHE_COLD)
    time.minutes(24 * 60)
    assert len(time.history._readings) <= LONGEST_S / 30 + 2
    time.now = BEGAN
    assert time.reads() is OK
    assert len(time.history._readings) == 1, "the clock was set back"


FIGURES = st.one_of(st.sampled_from(NoFigure), st.floats(0, 2_000))


@given(st.sampled_from(ALL), st.data())
def test_more_bad_periods_never_turn_an_alarm_off(alarm: Alarm, data: st.DataObject) -> None:
    periods: list[Figure] = data.draw(st.lists(FIGURES, min_size=alarm.periods, max_size=alarm.periods))
    worst = alarm.threshold + 1 if alarm.is_bad(alarm.threshold + 1) else alarm.threshold - 1
    worse: list[Figure] = [worst, *periods[1:]]
    for before in (OK, ON):
        if judge(alarm, periods, before) is ON:
            assert judge(alarm, worse, before) is ON
    assert judge(alarm, [NoFigure.NOT_YET] * alarm.periods, before) is before
