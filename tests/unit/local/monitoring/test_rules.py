"""The rules are the alarms of the list, in its terms, and Prometheus can read them."""

from __future__ import annotations

import json
from typing import Any

import promql_parser
import pytest
import yaml  # type: ignore[import-untyped]

from local.monitoring.__main__ import RULES
from local.monitoring.judged import JUDGED, NOT_JUDGED, span
from local.monitoring.rules import CRITICAL, expression, lasting_s, rule_name, rules_file
from shared.alarms import ALL, Alarm, Missing
from shared.alarms import catalog as alarms

EACH = pytest.mark.parametrize("alarm", JUDGED, ids=lambda alarm: alarm.id)


def rules() -> dict[str, dict[str, Any]]:
    """What the file says, by the name of the rule."""
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def test_the_file_is_what_the_list_makes() -> None:
    assert RULES.read_text() == rules_file(), "run `python -m local.monitoring`"


def test_every_alarm_is_a_rule_or_says_why_not() -> None:
    assert {*JUDGED, *NOT_JUDGED} == set(ALL)
    assert not {*JUDGED} & {*NOT_JUDGED}
    assert list(rules()) == [rule_name(alarm) for alarm in ALL if alarm in JUDGED]
    assert set(JUDGED) >= CRITICAL


def test_the_conditions_of_the_original_are_among_them() -> None:
    conditions = {(alarm.id, str(alarm.sign), alarm.threshold) for alarm in JUDGED}
    assert conditions >= {
        ("host-memory", ">", 90),
        ("cache-hit-rate", "<", 70),
        ("instances-connected", "<", 90),
        ("api-latency", ">", 1000),
        ("webhook-failures", ">", 5),
    }


@EACH
def test_a_rule_is_as_the_list_says(alarm: Alarm) -> None:
    rule = rules()[rule_name(alarm)]
    assert rule["expr"] == expression(alarm, JUDGED[alarm])
    assert f" {alarm.sign} {alarm.threshold:g}" in rule["expr"]
    assert rule["for"] == span(lasting_s(alarm))
    assert rule["labels"] == {"severity": "critical" if alarm in CRITICAL else "warning", "alarm": alarm.id}
    assert rule["annotations"] == {
        "summary": f"{alarm.title}: {alarm.condition()}",
        "description": alarm.meaning,
        "first_step": alarm.first_step,
        "runbook": f"docs/alarms.md#{alarm.id}",
    }
    assert "{{" not in json.dumps(rule["annotations"]), "that would be a template"


@EACH
def test_prometheus_reads_it_as_a_vector(alarm: Alarm) -> None:
    parsed = promql_parser.parse(expression(alarm, JUDGED[alarm]))
    assert isinstance(parsed, promql_parser.BinaryExpr)


def test_the_periods_are_cloudwatchs() -> None:
    assert lasting_s(alarms.INSTANCES_CONNECTED) == 4 * 60  # from the first of five minutes in a row to the last
    assert lasting_s(alarms.WEBHOOKS_FAILING) == 2 * 300
    assert lasting_s(alarms.COMMANDS_DEAD) == 0
    some = expression(alarms.HOST_MEMORY_HIGH, JUDGED[alarms.HOST_MEMORY_HIGH])
    assert some.startswith("count_over_time((")
    assert some.endswith("[5m:1m]) >= 3")


def test_silence_is_bad_where_the_list_says_so() -> None:
    silent = {alarm for alarm in JUDGED if "absent(" in expression(alarm, JUDGED[alarm])}
    assert silent == {alarm for alarm in JUDGED if alarm.missing is Missing.BAD}
