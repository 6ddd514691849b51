"""Commands that nobody will carry out, kept for an operator: why, after how many tries, and the command itself.

SQS moves a command there by itself after COMMAND_RECEIVES; such a one has no envelope.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from shared.queues.queue import Outgoing, Queue, Received

LONGEST_ERROR = 2_000


@dataclass(frozen=True, slots=True)
class DeadCommand:
    """The envelope. `command` is the queued JSON, or the text itself where it is none; `at` is ISO 8601."""

    command: Any
    error: str
    attempts: int
    at: str


class DeadCommands:
    """The dead-letter queue of all partitions."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    async def put(self, received: Received, error: str, attempts: int, at: str) -> None:
        """Keeps a command; the same one within 5 minutes once. Raises QueueError, MessageTooLarge."""
        dead = DeadCommand(_readable(received.body), error[:LONGEST_ERROR], attempts, at)
        body = json.dumps(asdict(dead))  # in ASCII: what could not be read may hold what UTF-8 has no form for
        await self._queue.send(Outgoing(body, group=received.group or "unknown", dedup=received.id))


def _readable(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body
