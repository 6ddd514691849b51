"""The queues, from the same definitions that make them on one machine (shared/queues/names.py).

Encrypted by SQS itself: a key of KMS would be asked for at every few calls, and hosts poll all day long. Callers
must use TLS. Retained when the stack goes, since a queue holds commands that were promised to be done; but not when
its first deployment fails, or the next one would find the names taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs
from cdk_monitoring_constructs import CustomMetricGroup
from constructs import Construct

from infra.monitoring.board import Board, graph
from infra.monitoring.figures import MINUTE, Figures, of_aws
from infra.stages import Stage
from shared.alarms import catalog as alarms
from shared.metrics import Statistic
from shared.queues.names import (
    COMMANDS_DEAD,
    DELIVERIES,
    DELIVERIES_DEAD,
    DELIVERIES_SLOW,
    QueueSpec,
    all_queues,
    commands_name,
)
from shared.settings import MAX_PARTITIONS

DEPTH = "ApproximateNumberOfMessagesVisible"
AGE = "ApproximateAgeOfOldestMessage"


class Queues(Construct):
    """`queues` by their names in shared/queues/names.py."""

    queues: Mapping[str, sqs.Queue]

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        made: dict[str, sqs.Queue] = {}
        for spec in all_queues(stage.partitions):  # dead-letter queues come first
            made[spec.name] = self._queue(spec, stage, made)
        self.queues = made

    def _queue(self, spec: QueueSpec, stage: Stage, made: Mapping[str, sqs.Queue]) -> sqs.Queue:
        dead = sqs.DeadLetterQueue(queue=made[spec.dead], max_receive_count=spec.max_receives) if spec.dead else None
        return sqs.Queue(
            self,
            spec.name.removesuffix(".fifo"),
            queue_name=f"{stage.prefix}-{spec.name}",
            fifo=True if spec.fifo else None,  # CloudFormation takes no `false`
            visibility_timeout=Duration.seconds(spec.visibility_s),
            retention_period=Duration.seconds(spec.kept_s),
            dead_letter_queue=dead,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )


def command_queues(scope: Construct, stage: Stage) -> list[str]:
    """ARNs of the stage's command queues, for grants. One pattern for each number of digits: a role's policy has room
    for some ninety names, and these match no dead-letter queue."""
    digits = range(1, len(str(MAX_PARTITIONS - 1)) + 1)
    names = (f"{stage.prefix}-{commands_name(0)}".replace("0", "?" * count) for count in digits)
    return [Stack.of(scope).format_arn(service="sqs", resource=name) for name in names]


def show_queues(board: Board, partitions: int, also_dead: Sequence[str]) -> None:
    """Commands by partition, deliveries, and the dead-letter queues, `also_dead` among them."""
    commands = [commands_name(number) for number in range(partitions)]
    dead = [COMMANDS_DEAD.name, DELIVERIES_DEAD.name, *also_dead]
    board.show(
        "Queues",
        [
            _graph(board, "Commands that wait", DEPTH, commands),
            _graph(board, "The oldest command, seconds", AGE, commands),
            _graph(board, "Deliveries that wait", DEPTH, [DELIVERIES.name, DELIVERIES_SLOW.name]),
            _graph(board, "The oldest delivery, seconds", AGE, [DELIVERIES.name, DELIVERIES_SLOW.name]),
            _graph(board, "Given up", DEPTH, dead),
        ],
    )


def queue_alarms(prefix: str) -> Figures:
    """What alarms on queues look at; those on deliveries are webhooks.py's."""
    return {alarms.COMMANDS_DEAD: depth(prefix, COMMANDS_DEAD.name, alarms.COMMANDS_DEAD.period_s)}


def depth(prefix: str, queue: str, period_s: int) -> cloudwatch.Metric:
    """How many messages wait in a queue, by its name without the prefix."""
    return _metric(prefix, queue, DEPTH, period_s)


def age(prefix: str, queue: str, period_s: int) -> cloudwatch.Metric:
    """For how many seconds a queue's oldest message has been there."""
    return _metric(prefix, queue, AGE, period_s)


def _graph(board: Board, title: str, name: str, queues: Sequence[str]) -> CustomMetricGroup:
    return graph(title, *(_metric(board.prefix, queue, name) for queue in queues))


def _metric(prefix: str, queue: str, name: str, period_s: int = MINUTE) -> cloudwatch.Metric:
    return of_aws("SQS", name, {"QueueName": f"{prefix}-{queue}"}, Statistic.MAXIMUM, queue, period_s)
