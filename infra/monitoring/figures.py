"""Metrics as CDK wants them. Names of tables, queues and dashboards are ours, so they are spelled, not referred to."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from shared.alarms import Alarm, Frequent, Share
from shared.metrics import DIMENSION, NAMESPACE, Metric, Statistic

Figure = cloudwatch.Metric | cloudwatch.MathExpression
Figures = Mapping[Alarm, Figure]  # what alarms are judged by
MINUTE = 60


def ours(prefix: str, metric: Metric, period_s: int = MINUTE, statistic: str | None = None) -> cloudwatch.Metric:
    """A metric of shared/metrics, read by the statistic that it is meant for."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=metric.name,
        dimensions_map={DIMENSION: prefix},
        statistic=statistic or metric.statistic.value,
        period=Duration.seconds(period_s),
        label=metric.name if statistic is None else f"{metric.name} {statistic}",
    )


def of_aws(
    namespace: str,
    name: str,
    dimensions: Mapping[str, str],
    statistic: str = Statistic.SUM,
    label: str | None = None,
    period_s: int = MINUTE,
) -> cloudwatch.Metric:
    """A metric of a service; `namespace` without its `AWS/`."""
    return cloudwatch.Metric(
        namespace=f"AWS/{namespace}",
        metric_name=name,
        dimensions_map=dict(dimensions),
        statistic=str(statistic),
        period=Duration.seconds(period_s),
        label=label or name,
    )


def share(
    part: cloudwatch.Metric,
    whole: Mapping[str, cloudwatch.Metric],
    at_least: int,
    good: float,
    label: str,
    period_s: int,
) -> cloudwatch.MathExpression:
    """`part` of the sum of `whole` in percent; `good` for a period in which that sum is less than `at_least`."""
    total = " + ".join(f"FILL({name}, 0)" for name in whole)
    return cloudwatch.MathExpression(
        expression=f"IF({total} >= {at_least}, 100 * FILL(part, 0) / ({total}), {good:g})",
        using_metrics={"part": part, **whole},
        label=label,
        period=Duration.seconds(period_s),
    )


def frequent(
    prefix: str, metric: Metric, at_least: int, good: float, label: str, period_s: int
) -> cloudwatch.MathExpression:
    """A metric by its own statistic; `good` for a period in which it was told less than `at_least` times."""
    return cloudwatch.MathExpression(
        expression=f"IF(count >= {at_least}, value, {good:g})",
        using_metrics={
            "value": ours(prefix, metric, period_s),
            "count": ours(prefix, metric, period_s, statistic="SampleCount"),
        },
        label=label,
        period=Duration.seconds(period_s),
    )


def looked_at(prefix: str, alarm: Alarm) -> Figure:
    """What an alarm over metrics of ours is judged by."""
    match alarm.of:
        case Share(part, rest, at_least):
            counted = {name: ours(prefix, one, alarm.period_s) for name, one in {"part": part, "rest": rest}.items()}
            return share(counted["part"], counted, at_least, alarm.good(), alarm.title, alarm.period_s)
        case Frequent(metric, at_least):
            return frequent(prefix, metric, at_least, alarm.good(), alarm.title, alarm.period_s)
        case Metric():
            return ours(prefix, alarm.of, alarm.period_s)
        case _:
            raise ValueError(f"{alarm.id} does not say what it looks at")


def all_looked_at(prefix: str, *alarms: Alarm) -> dict[Alarm, Figure]:
    """The same for some alarms."""
    return {alarm: looked_at(prefix, alarm) for alarm in alarms}
