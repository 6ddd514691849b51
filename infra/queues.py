"""The queues, from the same definitions that make them on one machine (shared/queues/names.py).

Encrypted by SQS itself: a key of KMS would be asked for at every few calls, and hosts poll all day long. Callers
must use TLS. Retained when the stack goes, since a queue holds commands that were promised to be done; but not when
its first deployment fails, or the next one would find the names taken.
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.stages import Stage
from shared.queues.names import QueueSpec, all_queues, commands_name
from shared.settings import MAX_PARTITIONS


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
