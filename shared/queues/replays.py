"""Replays at work: a message on the queue of deliveries that stands for all that is still to be put there."""

from __future__ import annotations

import json
from dataclasses import asdict

from shared.models.replay import Replay, replay_from
from shared.queues.queue import Outgoing, Queue

_BEGINS = '{"replay":'


class ReplayQueue:
    """Where replays wait for their next page."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    async def put(self, replay: Replay, delay_s: int = 0) -> None:
        """Has the replay go on from its cursor. Raises QueueError."""
        await self._queue.send(Outgoing(encode(replay), replay.tenant, None, delay_s))


def encode(replay: Replay) -> str:
    """A replay as it waits in the queue."""
    return json.dumps({"replay": asdict(replay)}, separators=(",", ":"))


def decode(body: str) -> Replay | None:
    """The replay of its queued form; None for a delivery. Raises ValueError when it is neither."""
    if not body.startswith(_BEGINS):
        return None
    try:
        return replay_from(json.loads(body)["replay"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a replay: {error}") from error
