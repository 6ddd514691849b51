"""Tasks that are not attempted now: moved to the slow lane, requeued there, or deferred until a pause ends.

A task on the slow lane says when it was moved there. Where the process dies between putting it there and deleting the
message that it came by, there are two of it: so its record is read first, and the second one is dropped (`triage`).
What was never attempted is recorded as pending before it is moved, so that it can be seen.

A requeued task waits for its turn, but at most half as long as its endpoint has been slow or failing: after an outage
everything is on its way again within half the outage's time. Waiting uses up nothing of the retry schedule. A task that
gets no turn within GIVEN_UP_S is dead, so what waits for an endpoint that hangs for days is bounded.

A deferred task comes up to half as long after the pause as it has waited already: where an endpoint takes a few at the
end of each pause and asks the others for another pause, those come less often each time, not all every second.
"""

from __future__ import annotations

import math
from dataclasses import replace

from functions.webhook_sender.delivery_result import DeliveryResult, Requeued
from functions.webhook_sender.follow_up import follow_up, put_off
from functions.webhook_sender.incoming import Work
from functions.webhook_sender.lane import Lane
from functions.webhook_sender.pace import Pace
from functions.webhook_sender.record import TAKEN_S, delivered_by_twin, put_off_until, record, waiting
from functions.webhook_sender.services import Services
from shared.clock import parse_iso
from shared.metrics import DELIVERIES_SLOWED
from shared.models.endpoint_health import EndpointHealth
from shared.models.webhook import Delivery, Webhook
from shared.queues.deliveries import DeliveryTask
from shared.queues.queue import MAX_DELAY_S
from shared.store.database import ConditionFailed

SHORTEST_CAP_S = 5.0
GIVEN_UP_S = 86_400.0
_EARLIER = 0.25  # turns come up to this much sooner, so that those at the cap do not all come at once
_PAUSE_SPREAD = 0.1


async def move_to_slow_lane(work: Work, webhook: Webhook, earlier: Delivery | None, services: Services) -> Requeued:
    """Moves a task from the fast lane; where nothing was recorded `earlier`, its delivery is pending from then on.
    Raises StoreError, QueueError."""
    if earlier is None and work.task.attempt == 0 and not work.task.forced:
        await services.records.begin(waiting(work, webhook), services.clock.unix())
    delay_s = 1 if work.task.chained else 0  # its chain is still held
    await services.slow.put([_for_slow_lane(work, webhook)], delay_s)
    services.meter.add(DELIVERIES_SLOWED)
    return Requeued()


async def requeue_on_slow_lane(
    work: Work, webhook: Webhook, earlier: Delivery | None, pace: Pace, services: Services
) -> Requeued:
    """Has a task wait on the slow lane for which its endpoint has no room. Raises StoreError, QueueError."""
    if work.lane is Lane.FAST:
        return await move_to_slow_lane(work, webhook, earlier, services)
    most_s = _longest(services.health_cache.health(webhook), services.clock.unix())
    delay_s = pace.book(services.clock.monotonic(), most_s) * (1 - _EARLIER * services.jitter())
    await services.slow.put([_for_slow_lane(work, webhook)], max(1, math.ceil(delay_s)))
    return Requeued(delay_s)


async def wait_for_twin(work: Work, webhook: Webhook, services: Services) -> Requeued:
    """Has a task wait on its lane whose attempt another has taken. It may be a twin, or the message that this task came
    by before it was moved, which comes no more: after TAKEN_S the record tells. Raises QueueError."""
    delay_s = math.ceil(TAKEN_S) + 1
    queue = services.slow if work.lane is Lane.SLOW else services.tasks
    await queue.put([_for_slow_lane(work, webhook)], delay_s)
    return Requeued(delay_s)


async def defer_until_resumed(
    work: Work, webhook: Webhook, earlier: Delivery | None, paused_until: float, services: Services
) -> DeliveryResult:
    """Records that a task waits for the end of a pause, and has it come then. Raises StoreError, QueueError."""
    now = services.clock.unix()
    spread_s = max((paused_until - now) * _PAUSE_SPREAD, _waited_s(work, earlier, now) / 2)
    left_s = paused_until - now + min(spread_s, MAX_DELAY_S) * services.jitter()
    due = round(now + max(1, math.ceil(left_s)), 3)  # a queue knows whole seconds: what came sooner would come back
    if work.task.forced:  # its record tells of what was delivered before
        await put_off(replace(_narrowed(work, webhook), not_before=due), services)
        return Requeued(left_s)
    delivery = put_off_until(work, webhook, earlier, due)
    try:
        await record(delivery, work, earlier, services)
    except ConditionFailed:
        return delivered_by_twin(delivery)
    await follow_up(delivery, work.task, services)
    return delivery


def is_given_up(work: Work, now: float) -> bool:
    """Whether a task has waited for its turn for too long."""
    return bool(work.task.moved_at) and now - work.task.moved_at > GIVEN_UP_S


def _for_slow_lane(work: Work, webhook: Webhook) -> DeliveryTask:
    """`again` of one endpoint's says that it is moved back from the dead-letter queue; `moved_at` has the record read
    anyway."""
    task = _narrowed(work, webhook)
    again = task.again and work.task.webhook_id is not None
    return replace(task, again=again, moved_at=task.moved_at or work.sent_at or work.happened_at)


def _narrowed(work: Work, webhook: Webhook) -> DeliveryTask:
    """The task for this endpoint alone; a replay is known again by when it was asked for."""
    task = replace(work.task, webhook_id=webhook.id)
    return replace(task, asked_at=task.asked_at or work.sent_at) if task.forced else task


def _waited_s(work: Work, earlier: Delivery | None, now: float) -> float:
    """How long a task waits since its last attempt, or since its event came: the longer, the fewer it is put off."""
    if work.task.forced:  # of a replay there are never many
        return 0.0
    if earlier is None:
        return now - (work.sent_at or work.happened_at)
    return now - parse_iso(earlier.attempts[-1].at if earlier.attempts else earlier.created_at)


def _longest(health: EndpointHealth, now: float) -> float:
    since = [at for at in (health.failing_since, health.slow_since) if at is not None]
    return min(max((now - min(since, default=now)) / 2, SHORTEST_CAP_S), MAX_DELAY_S)
