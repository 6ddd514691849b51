"""What the product's owner looks at: are the numbers up, do messages get through. See webhooks.py for the rest."""

from __future__ import annotations

from cdk_monitoring_constructs import CustomMetricGroup

from infra.monitoring.board import Board, graph
from infra.monitoring.figures import Figures, all_looked_at, ours
from shared.alarms import catalog as alarms
from shared.metrics import (
    CACHE_HITS,
    CACHE_MISSES,
    INSTANCES,
    INSTANCES_CONNECTED_PERCENT,
    INSTANCES_UNATTENDED,
    MESSAGES_ACCEPTED,
    MESSAGES_FAILED,
    MESSAGES_RECEIVED,
    MESSAGES_SENT,
    MESSAGES_UNCERTAIN,
    Metric,
)


def show_business(board: Board) -> None:
    """Instances by state, messages by outcome and the cache, all from metrics of ours."""
    prefix = board.prefix
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
    board.show("Cache", [_graph(board, "Checks of numbers", CACHE_HITS, CACHE_MISSES)])


def business_alarms(prefix: str) -> Figures:
    """What alarms on the product as a whole look at."""
    return all_looked_at(prefix, alarms.INSTANCES_CONNECTED, alarms.MESSAGES_UNSENT, alarms.CACHE_COLD)


def _graph(board: Board, title: str, *metrics: Metric) -> CustomMetricGroup:
    return graph(title, *(ours(board.prefix, metric) for metric in metrics))
