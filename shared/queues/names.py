"""Every queue and its settings. The same definitions make them locally and in CDK.

Why a command that is received stays hidden for 10 s (COMMAND_VISIBILITY_S): a worker that is killed takes it along for
as long. A lease lasts 15 s, so a host's commands are free before its partitions are; a worker that its host starts
again within 2 s waits 5 to 10 s for what was in hand (with 30 s it was 20 to 30 s). Nothing but calls speaks for more:
what is in hand after 3 s is extended, ten commands a call. A message takes 50 ms as a rule and costs no such call; one
that waits for its instance costs one each 3 s for half a minute and then, hidden for 30 s at a time, one each 10 s: a
partition with 100 instances that are down and 10 messages in hand each makes 10 calls a second, $0.43 a day for the
lot of them. Should the extension fail, the command is received again, which the consumer notices (consumer.py).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from shared.queues.queue import Queue

COMMAND_RECEIVES = 1_000  # SQS's most: a message that waits for its instance to connect is received by many owners
COMMAND_VISIBILITY_S = 10
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
DELIVERIES_SLOW = QueueSpec("deliveries-slow", 180, DELIVERIES_DEAD.name, DELIVERY_RECEIVES)
LOOKED_AT = (DELIVERIES.name, DELIVERIES_SLOW.name, DELIVERIES_DEAD.name, COMMANDS_DEAD.name)
"""Besides the command queues, what the routes of /monitoring tell the depth of."""


def all_queues(partitions: int) -> list[QueueSpec]:
    """Every queue of a deployment, dead-letter queues first."""
    commands = [
        QueueSpec(commands_name(number), COMMAND_VISIBILITY_S, COMMANDS_DEAD.name, COMMAND_RECEIVES)
        for number in range(partitions)
    ]
    return [COMMANDS_DEAD, DELIVERIES_DEAD, DELIVERIES, DELIVERIES_SLOW, *commands]


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
