"""Step 9: what follows from a recorded delivery, put on a queue. Doing it twice is harmless, see `triage`."""

from __future__ import annotations

from dataclasses import replace

from functions.webhook_sender.services import Services
from shared.clock import parse_iso
from shared.models.webhook import Delivery, DeliveryState
from shared.queues.deliveries import DeliveryTask
from shared.queues.queue import MAX_DELAY_S

EARLY_S = 1.0  # a queue delays by whole seconds; a task this little too early is not sent back

_WAITING = frozenset({DeliveryState.PENDING, DeliveryState.RETRYING})


async def follow_up(delivery: Delivery, task: DeliveryTask, services: Services) -> None:
    """Schedules the next attempt of a delivery that is retried or put off, buries a dead one. Raises QueueError."""
    if delivery.state in _WAITING and delivery.next_attempt_at:
        due = parse_iso(delivery.next_attempt_at)
        await put_off(_task(task, delivery, attempt=delivery.round, not_before=due), services)
    elif delivery.state is DeliveryState.DEAD:
        await services.dead.put([_task(task, delivery, again=True)])


async def put_off(task: DeliveryTask, services: Services) -> None:
    """Puts a task on the queue until it is due, or for as long as the queue can hold it back. Raises QueueError."""
    wait = round(task.not_before - services.clock.unix())
    await services.tasks.put([task], min(max(wait, 0), MAX_DELAY_S))


def is_early(task: DeliveryTask, now: float) -> bool:
    """Whether a task must wait on."""
    return task.not_before - now > EARLY_S


def _task(
    task: DeliveryTask, delivery: Delivery, attempt: int = 0, not_before: float = 0.0, again: bool = False
) -> DeliveryTask:
    bare = DeliveryTask(task.tenant, task.event, delivery.webhook_id, traceparent=delivery.traceparent)
    bare = replace(bare, chained=task.chained and not again)  # what is dead holds back nothing any more
    return replace(bare, attempt=attempt, not_before=not_before, again=again)
