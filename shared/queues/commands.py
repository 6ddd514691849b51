"""Commands on their way to the owner of an instance: one FIFO queue per partition.

The group decides what is kept in order: an instance's messages are one, its other commands another.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Protocol

from shared.models.command import Command, CommandKind
from shared.models.instance import InstanceKey
from shared.queues.queue import Outgoing, Queue


class CommandSender(Protocol):
    """Where the API leaves commands."""

    async def send(self, partition: int, command: Command, dedup: str | None = None) -> None:
        """Puts a command on its partition's queue, once per `dedup` (default: its id). Raises QueueError."""


class CommandQueues:
    """The command queues of all partitions."""

    def __init__(self, queue_of: Callable[[int], Queue]) -> None:
        self._queue_of = queue_of

    async def send(self, partition: int, command: Command, dedup: str | None = None) -> None:
        """Puts a command on its partition's queue. Raises QueueError."""
        message = Outgoing(encode(command), group=group_of(command), dedup=dedup or command.id)
        await self._queue_of(partition).send(message)


def group_of(command: Command) -> str:
    """Messages keep their order among themselves; other commands must not wait behind messages that wait."""
    return str(command.instance) if command.kind is CommandKind.SEND else f"{command.instance}/control"


def encode(command: Command) -> str:
    """A command as it waits in the queue."""
    return json.dumps(asdict(command) | {"instance": str(command.instance)}, ensure_ascii=False)


def decode(body: str) -> Command:
    """The command of its queued form. Raises ValueError when it is none."""
    try:
        raw = json.loads(body)
        return Command(raw["id"], CommandKind(raw["kind"]), InstanceKey.parse(raw["instance"]), raw["args"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a command: {error}") from error
