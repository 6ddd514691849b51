"""Commands on their way to the owner of an instance: one FIFO queue per partition.

The group decides what is kept in order: an instance's messages are one, its checks of numbers another, its other
commands a third. A message's command is queued under the message's id, any other under its own id or a name of the
sender's.

Who sends one goes on with its trace in it, and so does who carries it out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from shared.models.command import Command, CommandKind
from shared.models.instance import InstanceKey
from shared.queues.queue import Outgoing, Queue, Received
from shared.tracing import PASS_ON, Kind, Tracer

IN_ORDER = frozenset({CommandKind.SEND, CommandKind.TRACE})
_CONTROL = "/control"
_CHECKS = "/checks"


class CommandSender(Protocol):
    """Where the API leaves commands."""

    async def send(self, partition: int, command: Command, dedup: str | None = None) -> None:
        """Puts a command on its partition's queue, once per `dedup` (default: its id). Raises QueueError."""


class CommandQueues:
    """The command queues of all partitions."""

    def __init__(self, queue_of: Callable[[int], Queue], tracer: Tracer = PASS_ON) -> None:
        self._queue_of = queue_of
        self._tracer = tracer

    async def send(self, partition: int, command: Command, dedup: str | None = None) -> None:
        """Puts a command on its partition's queue. Raises QueueError."""
        with self._tracer.span("send command", Kind.PRODUCER, attributes=about(command)) as span:
            body, group = encode(command), group_of(command)
            message = Outgoing(body, group, dedup or command.id, traceparent=span.traceparent)
            await self._queue_of(partition).send(message)


def about(command: Command) -> dict[str, str]:
    """What a span tells of a command: what it asks, and of which instance."""
    named = {
        "messaging.system": "aws_sqs",
        "hivewp.command": command.kind,
        "hivewp.tenant": command.instance.tenant,
        "hivewp.instance": command.instance.id,
    }
    message_id = command.args.get("message_id")
    return named | {"hivewp.message": message_id} if isinstance(message_id, str) else named


def group_of(command: Command) -> str:
    """Messages keep their order among themselves; other commands must not wait behind messages that wait, nor behind a
    check that WhatsApp does not answer: the queue holds back a group while one of it is in hand."""
    if command.kind in IN_ORDER:
        return str(command.instance)
    return f"{command.instance}{_CHECKS if command.kind is CommandKind.CHECK_NUMBERS else _CONTROL}"


def encode(command: Command) -> str:
    """A command as it waits in the queue."""
    return json.dumps(asdict(command) | {"instance": str(command.instance)}, ensure_ascii=False)


def decode(body: str) -> Command:
    """The command of its queued form. Raises ValueError when it is none."""
    try:
        raw: Any = json.loads(body)
        named, args = raw["id"], raw["args"]
        command = Command(named, CommandKind(raw["kind"]), InstanceKey.parse(raw["instance"]), args)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a command: {type(error).__name__}: {error}") from error
    if not (isinstance(named, str) and isinstance(args, dict)):
        raise ValueError("not a command: its id or args are none")
    return command


@dataclass(frozen=True, slots=True)
class Subject:
    """What a queued command is about, as its envelope tells: readable even where its body is not.

    `message_id` is there for a message, `command_id` for anything else.
    """

    instance: InstanceKey
    message_id: str | None = None
    command_id: str | None = None


def subject_of(received: Received) -> Subject | None:
    """Whose command it is, and which; None when it was not sent by `CommandQueues`."""
    group, dedup = received.group or "", received.dedup
    if "#" not in group or not dedup:
        return None
    instance, slash, _ = group.partition("/")
    if slash:
        return Subject(InstanceKey.parse(instance), command_id=_id_in(received.body) or dedup)
    return Subject(InstanceKey.parse(group), message_id=dedup)


def _id_in(body: str) -> str | None:
    """The id of a command that may be unreadable otherwise: some are queued under another name."""
    try:
        found = json.loads(body)["id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if isinstance(found, str) else None
