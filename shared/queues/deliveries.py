"""Events on their way to endpoints: fair queues, grouped by tenant, one of them for endpoints that are slow.

Two shapes wait there: an event for all endpoints that want it, and an attempt at one endpoint (`webhook_id` set).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from shared.queues.queue import Outgoing, Queue, QueueError


@dataclass(frozen=True, slots=True)
class DeliveryTask:
    """Deliver `event` (its JSON body) to the tenant's endpoints, or to `webhook_id` alone.

    `attempt` counts from 0. `not_before` (unix seconds) holds an attempt back for longer than a queue can. `again`
    warns that it may have been delivered already; `forced` delivers even what was delivered before (a replay), unless
    it was attempted since `asked_at` (unix seconds; 0: in any case).
    `moved_at` (unix seconds): when it first took the slow lane, or was to wait for who had taken its attempt; it may be
    there twice since; 0: neither.
    `chained`: it stands for no attempt of its own, but for what waits of the instance of `event` for an endpoint that
    has its events in order, or had them so until lately (the sender's ordered/). It is no event to be delivered.
    `instead_of` (unix seconds): it takes the place of the attempt that is due then, if that has not been made.
    `traceparent` travels beside the body, which is read by senders that do not know it too.
    """

    tenant: str
    event: str
    webhook_id: str | None = None
    attempt: int = 0
    not_before: float = 0.0
    again: bool = False
    forced: bool = False
    asked_at: float = 0.0
    moved_at: float = 0.0
    chained: bool = False
    instead_of: float = 0.0
    traceparent: str | None = None


class DeliveryQueue:
    """Where events wait for the webhook sender."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    async def put(self, tasks: Sequence[DeliveryTask], delay_s: int = 0) -> None:
        """Puts tasks on the queue. Raises QueueError when not all were taken; then some may be there already."""
        failed = await self._queue.send_many([outgoing(task, delay_s) for task in tasks])
        if failed:
            raise QueueError(f"{len(failed)} of {len(tasks)} deliveries were not taken")


def outgoing(task: DeliveryTask, delay_s: int = 0) -> Outgoing:
    """A task as a message of the queue."""
    return Outgoing(encode(task), task.tenant, None, delay_s, task.traceparent)


def encode(task: DeliveryTask) -> str:
    """A task as it waits in the queue; what has its default is left out."""
    defaults = DeliveryTask("", "", traceparent=task.traceparent)
    return json.dumps(
        {name: value for name, value in asdict(task).items() if value != getattr(defaults, name)}, ensure_ascii=False
    )


def decode(body: str, traceparent: str | None = None) -> DeliveryTask:
    """The task of its queued form; fields that only a newer version puts there are passed over. Raises ValueError
    when it is none."""
    raw = json.loads(body)
    if not isinstance(raw, dict):
        raise ValueError("not a delivery: not an object")
    try:
        known = {name: raw[name] for name in DeliveryTask.__dataclass_fields__ if name in raw}
        return replace(DeliveryTask(**known), traceparent=traceparent)
    except TypeError as error:
        raise ValueError(f"not a delivery: {error}") from error
