from __future__ import annotations

import json

import pytest

from functions.alerts.alert import State
from functions.alerts.cloudwatch import alert_of
from shared.alarms import ALL, alarm_name
from shared.alarms.catalog import HOST_MEMORY_HIGH
from tests.fakes.alarms import alarm_message


def test_an_alarm_is_read_with_its_latest_figure_and_its_dashboard() -> None:
    alert = alert_of(alarm_message(), "hivewp-prod")
    assert alert is not None
    assert alert.alarm is HOST_MEMORY_HIGH
    assert (alert.state, alert.value, alert.condition) == (State.ALARM, 95.31, "> 90 % in 3 of 5 minutes")
    assert alert.since == "2026-11-22T10:05:12.345Z"
    console = "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1"
    assert alert.dashboard == f"{console}#dashboards/dashboard/hivewp-prod-operations-eu-west-1"


@pytest.mark.parametrize("alarm", ALL, ids=lambda alarm: alarm.id)
def test_every_alarm_of_the_list_is_known_by_its_name(alarm: object) -> None:
    name = alarm_name("hivewp-dev", alarm)  # type: ignore[arg-type]
    alert = alert_of(alarm_message(name), "hivewp-dev")
    assert alert is not None
    assert alert.alarm is alarm


@pytest.mark.parametrize(
    ("reason", "value"),
    [
        ("Threshold Crossed: 1 datapoint [1.2E-4 (22/11/26 10:04:00)] was greater than the threshold (0.0).", 0.00012),
        ("Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as "
         "[Breaching].", None),
        ("Unchecked: Initial alarm creation", None),
    ],
)  # fmt: skip
def test_the_figure_is_taken_from_the_reason_where_there_is_one(reason: str, value: float | None) -> None:
    alert = alert_of(alarm_message(reason=reason), "hivewp-prod")
    assert alert is not None
    assert alert.value == value


def test_somebody_elses_alarm_is_told_too() -> None:
    alert = alert_of(alarm_message("billing"), "hivewp-prod")
    assert alert is not None
    assert (alert.alarm, alert.dashboard, alert.condition) == (None, None, "GreaterThanThreshold 90.0")


@pytest.mark.parametrize("text", ["hello", "[]", "{}", "null", json.dumps({"AlarmName": "x", "NewStateReason": ""})])
def test_what_is_not_cloudwatchs_is_no_alert(text: str) -> None:
    assert alert_of(text, "hivewp-prod") is None


@pytest.mark.parametrize(
    "odd",
    [{"Trigger": None}, {"Trigger": []}, {"OldStateValue": []}, {"OldStateValue": None}, {"AlarmArn": None}],
    ids=str,
)
def test_what_only_explains_may_be_odd(odd: dict[str, object]) -> None:
    alert = alert_of(json.dumps(json.loads(alarm_message("billing")) | odd), "hivewp-prod")
    assert alert is not None
    assert alert.state is State.ALARM


@pytest.mark.parametrize(
    "odd", [{"Trigger": "x"}, {"NewStateValue": []}, {"NewStateValue": {}}, {"StateChangeTime": 7}], ids=str
)
def test_what_is_odd_beyond_that_is_no_alert(odd: dict[str, object]) -> None:
    assert alert_of(json.dumps(json.loads(alarm_message("billing")) | odd), "hivewp-prod") is None


def test_a_state_or_time_that_nobody_knows_is_no_alert() -> None:
    assert alert_of(alarm_message(state="PURPLE"), "hivewp-prod") is None
    assert alert_of(alarm_message().replace("2026-11-22T10:05:12.345+0000", "noon"), "hivewp-prod") is None


def test_the_console_is_the_partitions() -> None:
    china = alarm_message().replace("arn:aws:cloudwatch:eu-west-1", "arn:aws-cn:cloudwatch:cn-north-1")
    alert = alert_of(china, "hivewp-prod")
    assert alert is not None
    assert str(alert.dashboard).startswith("https://cn-north-1.console.amazonaws.cn/")
