"""Catch-ups at work: a message on the queue of deliveries that stands for all retries still to be brought forward."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from shared.queues.queue import Outgoing, Queue

_BEGINS = '{"catch_up":'


@dataclass(frozen=True, slots=True, kw_only=True)
class CatchUp:
    """An endpoint's retries of events from `since` until `at`, when it begins (unix seconds), which is also what it is
    known by. `cursor`: the delivery that was come to last; `swept`: it has come to all."""

    tenant: str
    webhook_id: str
    since: float
    at: float
    cursor: str | None = None
    swept: bool = False


class CatchUpQueue:
    """Where catch-ups wait for their next page."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    async def put(self, job: CatchUp, delay_s: int = 0) -> None:
        """Has the catch-up go on from its cursor. Raises QueueError."""
        await self._queue.send(Outgoing(encode(job), job.tenant, None, delay_s))


def encode(job: CatchUp) -> str:
    """A catch-up as it waits in the queue."""
    return json.dumps({"catch_up": asdict(job)}, separators=(",", ":"))


def decode(body: str) -> CatchUp | None:
    """The catch-up of its queued form; None for anything else. Raises ValueError when it only looks like one."""
    if not body.startswith(_BEGINS):
        return None
    try:
        values = json.loads(body)["catch_up"]
        return CatchUp(**{name: values[name] for name in CatchUp.__dataclass_fields__ if name in values})
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a catch-up: {error}") from error
