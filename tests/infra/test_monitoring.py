"""Dashboards and alarms in the templates are those of the lists, and show what people look for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.stages import DEV, PROD, Stage
from shared import metrics
from shared.alarms import ALL, Alarm, Dashboard, alarm_name, dashboard_name
from shared.alarms.catalog import API_SLOW, DELIVERIES_DEAD, DELIVERIES_LATE, DELIVERIES_SLOW_LATE, SENDER_FAILING
from shared.metrics import DIMENSION, NAMESPACE
from shared.queues.names import all_queues
from shared.queues.queue import MAX_DELAY_S
from shared.store import tables
from tests.infra.conftest import Synthesis, Template, of_type

REGION = "eu-west-1"
STAGES = pytest.mark.parametrize("stage", [DEV, PROD], ids=lambda stage: stage.name)


def board(template: Template, stage: Stage, dashboard: Dashboard) -> dict[str, Any]:
    """A dashboard's body; what only CloudFormation knows is `?`."""
    (body,) = (
        one["Properties"]["DashboardBody"]
        for one in of_type(template, "AWS::CloudWatch::Dashboard").values()
        if joined(one["Properties"]["DashboardName"]) == dashboard_name(stage.prefix, dashboard, REGION)
    )
    parsed: dict[str, Any] = json.loads(joined(body))
    return parsed


def joined(text: dict[str, Any]) -> str:
    """A text as CloudFormation puts it together; what only it knows is `?`, apart from the region."""
    parts = text["Fn::Join"][1]
    region = {"Ref": "AWS::Region"}
    return "".join(part if isinstance(part, str) else REGION if part == region else "?" for part in parts)


def shown(dashboard: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """(namespace, metric, dimension, value, ...) of every metric in a dashboard's graphs."""
    for widget in dashboard["widgets"]:
        for row in widget["properties"].get("metrics", []):
            texts = tuple(part for part in row if isinstance(part, str))
            if texts:
                yield texts


def both(template: Template, stage: Stage) -> list[tuple[str, ...]]:
    """Every metric on a stage's dashboards."""
    boards = [board(template, stage, one) for one in Dashboard]
    return [metric for one in boards for metric in shown(one)]


def alarm_of(template: Template, stage: Stage, alarm: Alarm) -> dict[str, Any]:
    """The properties of an alarm."""
    (found,) = (
        one["Properties"]
        for one in of_type(template, "AWS::CloudWatch::Alarm").values()
        if one["Properties"]["AlarmName"] == alarm_name(stage.prefix, alarm)
    )
    assert isinstance(found, dict)
    return found


def judged_by(alarm: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Name of a metric -> how it is read; how often it was told is no figure of it."""
    stats = [one["MetricStat"] for one in alarm["Metrics"] if "MetricStat" in one]
    stats = [stat for stat in stats if stat["Stat"] != "SampleCount"]
    return {stat["Metric"]["MetricName"]: stat for stat in stats}


@STAGES
def test_there_are_the_alarms_of_the_list_and_no_others(template: Synthesis, stage: Stage) -> None:
    made = of_type(template(stage.prefix), "AWS::CloudWatch::Alarm").values()
    names = {one["Properties"]["AlarmName"] for one in made}
    assert names == {alarm_name(stage.prefix, alarm) for alarm in ALL}


@pytest.mark.parametrize("alarm", ALL, ids=lambda alarm: alarm.id)
def test_an_alarm_is_as_the_list_says(template: Synthesis, alarm: Alarm) -> None:
    made = alarm_of(template(PROD.prefix), PROD, alarm)
    assert (made["Threshold"], made["EvaluationPeriods"]) == (alarm.threshold, alarm.periods)
    assert made["DatapointsToAlarm"] == alarm.bad
    assert made["TreatMissingData"] == alarm.missing
    assert made["ComparisonOperator"] == {">": "GreaterThanThreshold", "<": "LessThanThreshold"}[alarm.sign]
    assert alarm.meaning in made["AlarmDescription"]
    assert alarm.first_step in made["AlarmDescription"]
    assert {stat["Period"] for stat in judged_by(made).values()} == {alarm.period_s}


@pytest.mark.parametrize("alarm", ALL, ids=lambda alarm: alarm.id)
def test_an_alarm_tells_the_topic_whatever_it_changes_to(template: Synthesis, alarm: Alarm) -> None:
    made = alarm_of(template(PROD.prefix), PROD, alarm)
    (topic,) = of_type(template(PROD.prefix), "AWS::SNS::Topic")
    assert made["ActionsEnabled"] is True
    for actions in ("AlarmActions", "OKActions", "InsufficientDataActions"):
        assert made[actions] == [{"Ref": topic}]


@pytest.mark.parametrize("alarm", [alarm for alarm in ALL if alarm.of], ids=lambda alarm: alarm.id)
def test_an_alarm_over_metrics_of_ours_reads_them_as_they_are_told(template: Synthesis, alarm: Alarm) -> None:
    looked_at = alarm.looks_at()
    read = judged_by(alarm_of(template(PROD.prefix), PROD, alarm))
    assert set(read) == {metric.name for metric in looked_at}
    for metric in looked_at:
        stat = read[metric.name]
        assert stat["Stat"] == metric.statistic
        assert stat["Metric"]["Namespace"] == NAMESPACE
        assert stat["Metric"]["Dimensions"] == [{"Name": DIMENSION, "Value": PROD.prefix}]


def test_a_percentile_of_a_few_calls_is_no_alarm(template: Synthesis) -> None:
    queries = {one["Id"]: one for one in alarm_of(template(PROD.prefix), PROD, API_SLOW)["Metrics"]}
    (judged,) = (one["Expression"] for one in queries.values() if "Expression" in one)
    assert judged == "IF(count >= 20, value, 0)"
    count, value = queries["count"]["MetricStat"], queries["value"]["MetricStat"]
    assert (count["Stat"], value["Stat"]) == ("SampleCount", "p95")
    assert (count["Metric"], count["Period"]) == (value["Metric"], API_SLOW.period_s)


@pytest.mark.parametrize("queue", ["commands-dead.fifo", "alerts-dead"])
def test_anything_in_a_dead_letter_queue_is_an_alarm(template: Synthesis, queue: str) -> None:
    watched = [
        stat["Metric"]["Dimensions"][0]["Value"]
        for one in of_type(template(PROD.prefix), "AWS::CloudWatch::Alarm").values()
        for name, stat in judged_by(one["Properties"]).items()
        if name == "ApproximateNumberOfMessagesVisible" and stat["Stat"] == "Maximum"
    ]
    assert f"{PROD.prefix}-{queue}" in watched


def test_a_delivery_that_dies_is_an_alarm_and_one_that_was_replayed_since_is_none(template: Synthesis) -> None:
    judged = judged_by(alarm_of(template(PROD.prefix), PROD, DELIVERIES_DEAD))
    assert list(judged) == ["DeliveriesDead"], "new ones, not what is on the queue"
    assert judged["DeliveriesDead"]["Stat"] == "Sum"


def test_deliveries_that_wait_and_a_sender_that_fails_are_alarms(template: Synthesis) -> None:
    made = template(PROD.prefix)
    late = judged_by(alarm_of(made, PROD, DELIVERIES_LATE))["ApproximateAgeOfOldestMessage"]
    assert late["Stat"] == "Maximum"
    assert late["Metric"]["Dimensions"] == [{"Name": "QueueName", "Value": f"{PROD.prefix}-deliveries"}]
    slow = judged_by(alarm_of(made, PROD, DELIVERIES_SLOW_LATE))["ApproximateAgeOfOldestMessage"]
    assert slow["Metric"]["Dimensions"] == [{"Name": "QueueName", "Value": f"{PROD.prefix}-deliveries-slow"}]
    for alarm in (DELIVERIES_LATE, DELIVERIES_SLOW_LATE):
        assert alarm.threshold > MAX_DELAY_S, "later attempts, and those without a turn, lie on the queue for as long"
    failed = judged_by(alarm_of(made, PROD, SENDER_FAILING))["Errors"]
    functions = [one["Properties"]["FunctionName"] for one in of_type(made, "AWS::Lambda::Function").values()]
    assert failed["Metric"]["Dimensions"][0]["Value"] in functions


@STAGES
def test_every_metric_of_ours_is_on_a_dashboard_and_none_that_nobody_tells(template: Synthesis, stage: Stage) -> None:
    of_ours = {metric[1:] for metric in both(template(stage.prefix), stage) if metric[0] == NAMESPACE}
    assert of_ours == {(metric.name, DIMENSION, stage.prefix) for metric in metrics.ALL}


@STAGES
def test_tables_and_queues_are_shown_by_the_names_that_they_have(template: Synthesis, stage: Stage) -> None:
    seen = {metric[-1] for metric in both(template(stage.prefix), stage)}
    assert {f"{stage.prefix}-{table.name}" for table in tables.ALL} <= seen
    assert {f"{stage.prefix}-{queue.name}" for queue in all_queues(stage.partitions)} <= seen


@pytest.mark.parametrize(
    ("namespace", "names"),
    [
        ("AWS/ApiGateway", {"Count", "4XXError", "5XXError", "Latency"}),
        ("AWS/WAFV2", {"BlockedRequests"}),
        ("AWS/Lambda", {"Invocations", "Errors", "Duration", "Throttles", "ConcurrentExecutions"}),
        ("AWS/DynamoDB", {"ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "WriteThrottleEvents"}),
        ("AWS/SQS", {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"}),
        ("AWS/ECS", {"CPUUtilization", "MemoryUtilization"}),
        ("AWS/EFS", {"PercentIOLimit", "BurstCreditBalance"}),
    ],
)
def test_operators_find_what_they_look_for(template: Synthesis, namespace: str, names: set[str]) -> None:
    operations = board(template(PROD.prefix), PROD, Dashboard.OPERATIONS)
    assert names <= {metric[1] for metric in shown(operations) if metric[0] == namespace}


def test_an_alarms_threshold_is_in_the_graph_of_its_dashboard(template: Synthesis) -> None:
    for dashboard in Dashboard:
        widgets = board(template(PROD.prefix), PROD, dashboard)["widgets"]
        labels = {
            line.get("label")
            for widget in widgets
            for line in widget["properties"].get("annotations", {}).get("horizontal", [])
        }
        assert labels == {alarm.condition() for alarm in ALL if alarm.dashboard is dashboard}
