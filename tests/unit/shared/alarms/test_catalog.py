from __future__ import annotations

import re

import pytest

from shared import metrics
from shared.alarms import ALL, Alarm, Frequent, Share, Sign, alarm_name, find
from shared.alarms.catalog import API_SLOW, DELIVERIES_DEAD
from shared.metrics import API_LATENCY
from shared.routes import ROUTES

CLOUDWATCHS_LONGEST_DESCRIPTION = 1024


@pytest.mark.parametrize("alarm", ALL, ids=lambda alarm: alarm.id)
def test_an_alarm_says_what_it_means_and_what_to_do(alarm: Alarm) -> None:
    for text in (alarm.meaning, alarm.first_step, alarm.missing_because):
        assert text.endswith(".")
    assert len(alarm.meaning) + len(alarm.first_step) < CLOUDWATCHS_LONGEST_DESCRIPTION - 50
    assert 1 <= alarm.bad <= alarm.periods
    assert alarm.period_s % 60 == 0  # CloudWatch charges shorter ones more


@pytest.mark.parametrize("alarm", ALL, ids=lambda alarm: alarm.id)
def test_an_alarm_looks_at_metrics_of_the_list(alarm: Alarm) -> None:
    assert set(alarm.looks_at()) <= set(metrics.ALL)
    assert bool(alarm.looks_at()) == (alarm.of is not None)


def test_whoever_tells_the_bad_half_of_a_share_tells_the_good_one_too() -> None:
    """Else the share is unknown when there is nothing good to count."""
    for alarm in ALL:
        if isinstance(alarm.of, Share):
            halves = (alarm.of.part, alarm.of.rest)
            bad, good = halves if alarm.sign is Sign.ABOVE else reversed(halves)
            assert metrics.OTHER_HALF[bad] is good


def test_an_alarm_is_found_by_its_name_in_its_own_deployment_only() -> None:
    for alarm in ALL:
        assert find("hivewp-prod", alarm_name("hivewp-prod", alarm)) is alarm
    assert find("hivewp-prod", alarm_name("hivewp-dev", ALL[0])) is None
    assert find("hivewp-prod", "hivewp-prod-hosts-scale-out") is None
    assert len({alarm.id for alarm in ALL}) == len(ALL)


def test_routes_that_an_alarm_names_are_there() -> None:
    named = {
        found for alarm in ALL for found in re.findall(r"\b([A-Z]+) (/[\w/{}-]+)", alarm.meaning + alarm.first_step)
    }
    assert named <= {(route.method, route.path) for route in ROUTES}
    assert ("POST", "/v1/deliveries/{delivery_id}/replay") in named


def test_deliveries_that_are_dead_by_our_fault_are_moved_back() -> None:
    assert "start-message-move-task" in DELIVERIES_DEAD.first_step
    assert DELIVERIES_DEAD.looks_at() == (metrics.DELIVERIES_DEAD,), "replayed ones stay on the queue"


def test_conditions_read_well() -> None:
    conditions = {alarm.id: alarm.condition() for alarm in ALL}
    assert conditions["host-memory"] == "> 90 % in 3 of 5 minutes"
    assert conditions["partition-unowned"] == "> 0 partitions in 3 minutes in a row"
    assert conditions["commands-dead"] == "> 0 commands in a minute"
    assert conditions["api-latency"] == "> 1000 ms (p95) of 20 calls or more in 2 of 3 periods of 5 minutes"


@pytest.mark.parametrize("alarm", ALL, ids=lambda alarm: alarm.id)
def test_a_threshold_itself_is_not_bad_and_too_little_to_judge_by_is_good(alarm: Alarm) -> None:
    beyond = 0.001 if alarm.sign is Sign.ABOVE else -0.001
    assert alarm.is_bad(alarm.threshold + beyond)
    assert not alarm.is_bad(alarm.threshold)
    assert not alarm.is_bad(alarm.good())


def test_one_slow_call_at_night_is_no_alarm() -> None:
    assert API_SLOW.of == Frequent(API_LATENCY, at_least=20)
