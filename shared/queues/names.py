"""Every queue and its settings. The same definitions make them locally and in CDK."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from shared.queues.queue import Queue

COMMAND_RECEIVES = 1_000  # SQS's most: a message that waits for its instance to connect is received by many owners
COMMAND_VISIBILITY_S = 30  # short, so a dead owner's commands are free soon; its successor's work is extended
DELIVERY_RECEIVES = 10  # our own faults only: an endpoint's failure schedules a new message


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """A queue, its name without the deployment's prefix. `visibility_s` is longer than its longest piece of work."""

    name: str
    visibility_s: int
    dead: str | None = None
    max_receives: int = 0
    kept_s: int = 14 * 86_400

    @property
    def fifo(self) -> bool:
        """Whether it keeps order within a group."""
        return self.name.endswith(".fifo")


def commands_name(partition: int) -> str:
    """The command queue of a partition; the group is the instance."""
    return f"commands-{partition}.fifo"


COMMANDS_DEAD = QueueSpec("commands-dead.fifo", 60)
DELIVERIES_DEAD = QueueSpec("deliveries-dead", 60)
DELIVERIES = QueueSpec("deliveries", 180, DELIVERIES_DEAD.name, DELIVERY_RECEIVES)


def all_queues(partitions: int) -> list[QueueSpec]:
    """Every queue of a deployment, dead-letter queues first."""
    commands = [
        QueueSpec(commands_name(number), COMMAND_VISIBILITY_S, COMMANDS_DEAD.name, COMMAND_RECEIVES)
        for number in range(partitions)
    ]
    return [COMMANDS_DEAD, DELIVERIES_DEAD, DELIVERIES, *commands]


async def create_queues(client: Any, prefix: str, partitions: int) -> None:
    """Makes the queues that are missing and brings the others up to date; for an AWS on this machine."""
    arns: dict[str, str] = {}
    for spec in all_queues(partitions):
        attributes = {"VisibilityTimeout": str(spec.visibility_s), "MessageRetentionPeriod": str(spec.kept_s)}
        if spec.fifo:
            attributes["FifoQueue"] = "true"
        if spec.dead:
            policy = {"deadLetterTargetArn": arns[spec.dead], "maxReceiveCount": spec.max_receives}
            attributes["RedrivePolicy"] = json.dumps(policy)
        url = await _ensure(client, f"{prefix}-{spec.name}", attributes)
        got = await client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        arns[spec.name] = got["Attributes"]["QueueArn"]


async def _ensure(client: Any, name: str, attributes: dict[str, str]) -> str:
    try:
        url = (await client.get_queue_url(QueueName=name))["QueueUrl"]
    except client.exceptions.QueueDoesNotExist:
        return str((await client.create_queue(QueueName=name, Attributes=attributes))["QueueUrl"])
    changeable = {key: value for key, value in attributes.items() if key != "FifoQueue"}
    await client.set_queue_attributes(QueueUrl=url, Attributes=changeable)
    return str(url)


async def open_queue(client: Any, prefix: str, name: str) -> Queue:
    """An existing queue by its name without the prefix. Raises QueueError."""
    return await Queue.open(client, f"{prefix}-{name}")
