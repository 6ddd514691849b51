"""What the product's owner looks at: are the numbers up, do messages get through, do customers hear of it."""

from __future__ import annotations

from cdk_monitoring_constructs import CustomMetricGroup

from infra.monitoring.board import Board, graph
from infra.monitoring.figures import looked_at, ours
from shared.alarms import ALL, Dashboard
from shared.metrics import (
    CACHE_HITS,
    CACHE_MISSES,
    DELIVERIES_DEAD,
    INSTANCES,
    INSTANCES_CONNECTED_PERCENT,
    INSTANCES_UNATTENDED,
    MESSAGES_ACCEPTED,
    MESSAGES_FAILED,
    MESSAGES_RECEIVED,
    MESSAGES_SENT,
    MESSAGES_UNCERTAIN,
    WEBHOOK_LATENCY,
    WEBHOOKS_DELIVERED,
    WEBHOOKS_FAILED,
    Metric,
)


def show_business(board: Board) -> None:
    """Instances by state, messages by outcome, webhooks and the cache, all from metrics of ours."""
    prefix = board.prefix
    board.watch({alarm: looked_at(prefix, alarm) for alarm in ALL if alarm.dashboard is Dashboard.BUSINESS})
    states = [ours(prefix, metric) for metric in (*INSTANCES.values(), INSTANCES_UNATTENDED)]
    board.show(
        "Instances",
        [
            graph("Instances by state", *states, stacked=True, per_row=2),
            graph("Connected of those that should be, %", ours(prefix, INSTANCES_CONNECTED_PERCENT), per_row=2),
        ],
    )
    board.show(
        "Messages",
        [
            _graph(board, "Messages by outcome", MESSAGES_ACCEPTED, MESSAGES_SENT),
            _graph(board, "Messages that were not sent", MESSAGES_FAILED, MESSAGES_UNCERTAIN),
            _graph(board, "Messages received", MESSAGES_RECEIVED),
        ],
    )
    speeds = [ours(prefix, WEBHOOK_LATENCY, statistic=statistic) for statistic in ("p50", "p95", "p99")]
    board.show(
        "Webhooks and cache",
        [
            _graph(board, "Webhook attempts", WEBHOOKS_DELIVERED, WEBHOOKS_FAILED, DELIVERIES_DEAD),
            graph("Webhook latency", *speeds),
            _graph(board, "Checks of numbers", CACHE_HITS, CACHE_MISSES),
        ],
    )


def _graph(board: Board, title: str, *metrics: Metric) -> CustomMetricGroup:
    return graph(title, *(ours(board.prefix, metric) for metric in metrics))
