"""The construct: puts what the capabilities show onto the two dashboards, and makes their alarms."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_sns as sns
from constructs import Construct

from infra import alerts
from infra.alerts import Alerts, alert_alarms
from infra.api import Api
from infra.api.api import api_alarms, show_api
from infra.data import show_tables
from infra.hosts import SessionHosts, host_alarms, show_hosts
from infra.monitoring.board import Board
from infra.monitoring.business import business_alarms, show_business
from infra.monitoring.figures import Figures
from infra.network import Network, show_files
from infra.queues import queue_alarms, show_queues
from infra.stages import Stage
from infra.webhooks import Webhooks, sender_alarms, show_deliveries
from shared.alarms import ALL, Dashboard


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What is looked at."""

    api: Api
    webhooks: Webhooks
    hosts: SessionHosts
    alerts: Alerts
    network: Network


class Monitoring(Construct):
    """The dashboards `<prefix>-business-<region>` and `<prefix>-operations-<region>`, and all alarms."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, watched: Watched) -> None:
        super().__init__(scope, construct_id)
        figures = _figures(stage.prefix, watched)
        business, operations = (self._board(stage, kind, watched.alerts.topic, figures) for kind in Dashboard)
        show_business(business)
        show_deliveries(business)
        show_api(operations, watched.api)
        _show_functions(operations, watched)
        show_hosts(operations, watched.hosts.service)
        show_queues(operations, stage.partitions, also_dead=[alerts.DEAD])
        show_tables(operations)
        show_files(operations, watched.network.files.file_system_id)

    def _board(self, stage: Stage, kind: Dashboard, topic: sns.ITopic, figures: Figures) -> Board:
        """A dashboard that begins with its alarms."""
        board = Board(self, stage.prefix, kind, topic)
        board.watch({alarm: figures[alarm] for alarm in ALL if alarm.dashboard is kind})
        return board


def _figures(prefix: str, watched: Watched) -> Figures:
    return {
        **business_alarms(prefix),
        **api_alarms(prefix, watched.api),
        **sender_alarms(prefix),
        **host_alarms(prefix),
        **queue_alarms(prefix),
        **alert_alarms(prefix),
    }


def _show_functions(board: Board, watched: Watched) -> None:
    """Calls, errors, duration, concurrency and throttles, as cdk-monitoring-constructs shows them."""
    functions = {
        "API function": watched.api.function,
        "Webhook sender": watched.webhooks.function,
        "Alerts function": watched.alerts.function,
    }
    for name, function in functions.items():
        board.facade.monitor_lambda_function(lambda_function=function, human_readable_name=name)
