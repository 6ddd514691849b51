"""Queues on the operations dashboard: how much waits, for how long, and what was given up."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from cdk_monitoring_constructs import CustomMetricGroup

from infra.monitoring.board import Board, graph
from infra.monitoring.figures import MINUTE, of_aws
from shared.metrics import Statistic
from shared.queues.names import COMMANDS_DEAD, DELIVERIES, DELIVERIES_DEAD, commands_name

ALERTS_DEAD = "alerts-dead"
DEPTH = "ApproximateNumberOfMessagesVisible"
_AGE = "ApproximateAgeOfOldestMessage"


def show_queues(board: Board, partitions: int) -> None:
    """Commands by partition, deliveries, and the dead-letter queues."""
    commands = [commands_name(number) for number in range(partitions)]
    dead = [COMMANDS_DEAD.name, DELIVERIES_DEAD.name, ALERTS_DEAD]
    board.show(
        "Queues",
        [
            _graph(board, "Commands that wait", DEPTH, commands),
            _graph(board, "The oldest command, seconds", _AGE, commands),
            _graph(board, "Deliveries that wait", DEPTH, [DELIVERIES.name]),
            _graph(board, "The oldest delivery, seconds", _AGE, [DELIVERIES.name]),
            _graph(board, "Given up", DEPTH, dead),
        ],
    )


def depth(prefix: str, queue: str, period_s: int) -> cloudwatch.Metric:
    """How many messages wait in a queue, by its name without the prefix."""
    return _metric(prefix, queue, DEPTH, period_s)


def age(prefix: str, queue: str, period_s: int) -> cloudwatch.Metric:
    """For how many seconds a queue's oldest message has been there."""
    return _metric(prefix, queue, _AGE, period_s)


def _graph(board: Board, title: str, name: str, queues: Sequence[str]) -> CustomMetricGroup:
    return graph(title, *(_metric(board.prefix, queue, name) for queue in queues))


def _metric(prefix: str, queue: str, name: str, period_s: int = MINUTE) -> cloudwatch.Metric:
    return of_aws("SQS", name, {"QueueName": f"{prefix}-{queue}"}, Statistic.MAXIMUM, queue, period_s)
