"""Work that goes on page by page: a message on the queue of deliveries stands for all that is still to be put there.

replay    deliveries of a time once more (models/replay.py)
catch_up  what waits for an endpoint that does well again (models/catch_up.py)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from shared.models.catch_up import CatchUp, catch_up_from
from shared.models.replay import Replay, replay_from
from shared.queues.queue import Outgoing, Queue

Job = Replay | CatchUp

_KINDS: Mapping[str, Callable[[dict[str, Any]], Job]] = {"replay": replay_from, "catch_up": catch_up_from}
_BEGINS = tuple(f'{{"{kind}":' for kind in _KINDS)


class JobQueue:
    """Where jobs wait for their next page."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    async def put(self, job: Job, delay_s: int = 0) -> None:
        """Has the job go on from its cursor. Raises QueueError."""
        await self._queue.send(Outgoing(encode(job), job.tenant, None, delay_s))


def encode(job: Job) -> str:
    """A job as it waits in the queue."""
    kind = "replay" if isinstance(job, Replay) else "catch_up"
    return json.dumps({kind: asdict(job)}, separators=(",", ":"))


def decode(body: str) -> Job | None:
    """The job of its queued form; None for a delivery. Raises ValueError when it is neither."""
    if not body.startswith(_BEGINS):
        return None
    ((kind, values),) = json.loads(body).items()
    try:
        return _KINDS[kind](values)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a {kind}: {error}") from error
