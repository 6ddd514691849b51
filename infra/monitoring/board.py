"""A dashboard, and the way graphs and alarms come onto it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from cdk_monitoring_constructs import (
    AlarmFactoryDefaults,
    CustomMetricGroup,
    CustomMetricWithAlarm,
    CustomThreshold,
    DefaultDashboardFactory,
    GraphWidgetType,
    MetricFactoryDefaults,
    MonitoringFacade,
    SnsAlarmActionStrategy,
)
from constructs import Construct

from infra.monitoring.figures import Figure
from shared.alarms import Alarm, Dashboard, Missing, Sign, alarm_name, dashboard_name
from shared.metrics import NAMESPACE

COLUMNS = 24
_SIGNS = {
    Sign.ABOVE: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
    Sign.BELOW: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
}
_MISSING = {
    Missing.GOOD: cloudwatch.TreatMissingData.NOT_BREACHING,
    Missing.BAD: cloudwatch.TreatMissingData.BREACHING,
    Missing.NO_CHANGE: cloudwatch.TreatMissingData.IGNORE,
}


class Board:
    """One dashboard of a deployment. `facade` is for what cdk-monitoring-constructs knows by itself."""

    def __init__(self, scope: Construct, prefix: str, dashboard: Dashboard, topic: sns.ITopic) -> None:
        self.prefix = prefix
        self.scope = Construct(scope, dashboard.value)
        told = SnsAlarmActionStrategy(on_alarm_topic=topic, on_ok_topic=topic, on_insufficient_data_topic=topic)
        self.facade = MonitoringFacade(
            self.scope,
            "board",
            alarm_factory_defaults=AlarmFactoryDefaults(actions_enabled=True, alarm_name_prefix=prefix, action=told),
            metric_factory_defaults=MetricFactoryDefaults(namespace=NAMESPACE),
            dashboard_factory=DefaultDashboardFactory(
                self.scope,
                "factory",
                dashboard_name_prefix=dashboard_name(prefix, dashboard, Stack.of(scope).region),
            ),
        )

    def show(self, title: str, graphs: Sequence[CustomMetricGroup]) -> None:
        """A heading and its graphs."""
        self.facade.monitor_custom(
            alarm_friendly_name=title.replace(" ", ""), human_readable_name=title, metric_groups=list(graphs)
        )

    def watch(self, alarms: Mapping[Alarm, Figure]) -> None:
        """Makes alarms, and shows what they look at with the threshold in the graph."""
        self.show("Alarms", [self._watched(alarm, figure) for alarm, figure in alarms.items()])

    def _watched(self, alarm: Alarm, figure: Figure) -> CustomMetricGroup:
        threshold = CustomThreshold(
            alarm_name_override=alarm_name(self.prefix, alarm),
            alarm_description_override=f"{alarm.meaning} First thing to do: {alarm.first_step}",
            comparison_operator=_SIGNS[alarm.sign],
            threshold=alarm.threshold,
            evaluation_periods=alarm.periods,
            datapoints_to_alarm=alarm.bad,
            treat_missing_data_override=_MISSING[alarm.missing],
            override_annotation_label=alarm.condition(),
        )
        metric = CustomMetricWithAlarm(alarm_friendly_name=alarm.id, metric=figure, add_alarm={"Warning": threshold})
        return CustomMetricGroup(title=alarm.title, metrics=[metric], graph_widget_width=COLUMNS // 4)


def graph(title: str, *figures: Figure, stacked: bool = False, per_row: int = 3) -> CustomMetricGroup:
    """A graph of some figures; so many of its width fit into a row."""
    kind = GraphWidgetType.STACKED_AREA if stacked else GraphWidgetType.LINE
    return CustomMetricGroup(
        title=title, metrics=list(figures), graph_widget_type=kind, graph_widget_width=COLUMNS // per_row
    )
