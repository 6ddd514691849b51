"""The construct: which dashboard shows what, and which alarm looks at what."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from infra.monitoring.api import failing_calls, show_api
from infra.monitoring.board import Board
from infra.monitoring.business import show_business
from infra.monitoring.data import show_files, show_tables
from infra.monitoring.figures import Figure, looked_at, of_aws
from infra.monitoring.hosts import show_hosts
from infra.monitoring.queues import ALERTS_DEAD as ALERTS_DEAD_QUEUE
from infra.monitoring.queues import age, depth, show_queues
from infra.stages import Stage
from shared.alarms import ALL, Alarm, Dashboard
from shared.alarms.catalog import (
    ALERTS_DEAD,
    API_FAILING,
    COMMANDS_DEAD,
    DELIVERIES_DEAD,
    DELIVERIES_LATE,
    SENDER_FAILING,
)
from shared.queues.names import COMMANDS_DEAD as COMMANDS_DEAD_QUEUE
from shared.queues.names import DELIVERIES
from shared.queues.names import DELIVERIES_DEAD as DELIVERIES_DEAD_QUEUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What is looked at. `functions` by the names that people know them by; `topic` hears of alarms."""

    api_name: str
    firewall: waf.CfnWebACL
    functions: dict[str, lambda_.IFunction]
    hosts: ecs.FargateService
    file_system_id: str
    topic: sns.ITopic


class Monitoring(Construct):
    """The dashboards `<prefix>-business-<region>` and `<prefix>-operations-<region>`, and all alarms."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, watched: Watched) -> None:
        super().__init__(scope, construct_id)
        show_business(Board(self, stage.prefix, Dashboard.BUSINESS, watched.topic))
        self._operations(Board(self, stage.prefix, Dashboard.OPERATIONS, watched.topic), stage, watched)

    def _operations(self, board: Board, stage: Stage, watched: Watched) -> None:
        alarms = [alarm for alarm in ALL if alarm.dashboard is Dashboard.OPERATIONS]
        board.watch({alarm: _figure(alarm, stage.prefix, watched) for alarm in alarms})
        show_api(board, watched.api_name, watched.firewall, Stack.of(self).region)
        for name, function in watched.functions.items():
            board.facade.monitor_lambda_function(lambda_function=function, human_readable_name=name)
        show_hosts(board, watched.hosts)
        show_queues(board, stage.partitions)
        show_tables(board)
        show_files(board, watched.file_system_id)


def _figure(alarm: Alarm, prefix: str, watched: Watched) -> Figure:
    """What an alarm of the operations dashboard is judged by."""
    if alarm.of is not None:
        return looked_at(prefix, alarm)
    if alarm is API_FAILING:
        return failing_calls(watched.api_name, alarm.period_s)
    if alarm is SENDER_FAILING:
        return of_aws("Lambda", "Errors", {"FunctionName": f"{prefix}-webhook-sender"}, period_s=alarm.period_s)
    if alarm is DELIVERIES_LATE:
        return age(prefix, DELIVERIES.name, alarm.period_s)
    return depth(prefix, _DEAD[alarm.id], alarm.period_s)


_DEAD = {
    DELIVERIES_DEAD.id: DELIVERIES_DEAD_QUEUE.name,
    COMMANDS_DEAD.id: COMMANDS_DEAD_QUEUE.name,
    ALERTS_DEAD.id: ALERTS_DEAD_QUEUE,
}
