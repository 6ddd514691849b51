"""One event at one endpoint, from the record of what was to what follows. The order of steps is what keeps promises:

    read the record if the task may have been here before -> attempt -> record -> update health -> follow up
        -> (delete message)

Instead of an attempt a task may take the slow lane, or be put off (route.py, deferral.py).

The SQS message is deleted last, so wherever the process dies, the task comes again (`receives` > 1) and is judged by
what was recorded (`triage`):

| died                       | recorded                    | the task comes again and                             |
|----------------------------|-----------------------------|------------------------------------------------------|
| before the attempt         | nothing, or the one before  | makes the attempt                                    |
| later attempt taken        | the one before, taken by it | takes it again, and makes it                         |
| taken, then moved          | the same, by the one before | waits until that lapses (TAKEN_S), and makes it      |
| attempt made, not recorded | nothing, or the one before  | makes it again: the endpoint may hear it twice       |
| recorded 2xx               | delivered                   | is dropped: never again after a recorded 2xx         |
| recorded, not scheduled    | retrying, next_attempt_at   | schedules the attempt for that time                  |
| scheduled, not deleted     | retrying, next_attempt_at   | schedules it once more; one of the twins is made     |
| recorded, not buried       | dead                        | is put on the dead-letter queue                      |
| buried, not deleted        | dead                        | is put there once more; one of the copies is made    |
| a task put off (a hop)     | retrying, next_attempt_at   | is put off once more; one of the twins is made       |
| recorded, not put off      | pending or retrying, n.a.a. | is put off for that time                             |
| brought forward, no place  | retrying, next_attempt_at   | takes the place of the scheduled one, or is dropped  |
| has that place             | retrying, its own time      | makes the attempt; the scheduled one is dropped      |
| recorded, not moved        | pending, no n.a.a.          | is moved, or makes the attempt                       |
| moved to the slow lane     | the same, or the one before | is moved once more; one of the twins is made         |

Twins come at the same moment and find the same record. So whoever is to make an attempt that something is recorded of
takes it first, by a write on condition (record.take); the others come once more after TAKEN_S, and are dropped unless
nobody has made it. Where nothing was recorded before, as of most, a first attempt costs no such write.

What the store or the queues refuse (StoreError, QueueError) has the effect of dying at that step.
"""

from __future__ import annotations

import logging

from functions.webhook_sender.attempt import Outcome, attempt
from functions.webhook_sender.catch_up.claim import claim, put_back
from functions.webhook_sender.decide import Dead, Verdict, decide
from functions.webhook_sender.deferral import (
    defer_until_resumed,
    is_given_up,
    move_to_slow_lane,
    requeue_on_slow_lane,
    wait_for_twin,
)
from functions.webhook_sender.delivery_result import DeliveryResult
from functions.webhook_sender.figures import count_attempt
from functions.webhook_sender.follow_up import follow_up
from functions.webhook_sender.incoming import Work
from functions.webhook_sender.lane import Lane
from functions.webhook_sender.pace import Pace
from functions.webhook_sender.record import delivered_by_twin, record, recorded, take
from functions.webhook_sender.route import Route, route
from functions.webhook_sender.services import Services
from functions.webhook_sender.slots import NoSlot
from functions.webhook_sender.triage import Triage, needs_record, triage
from functions.webhook_sender.update_health import update_health
from functions.webhook_sender.watch import Watch
from shared.models.dead_reason import DeadReason
from shared.models.webhook import Attempt, Delivery, DeliveryState, Webhook, delivery_id
from shared.store.database import ConditionFailed

log = logging.getLogger(__name__)


async def deliver(work: Work, webhook: Webhook, services: Services, begin_by: float | None = None) -> None:
    """Makes the attempt that is due, if any is. Raises StoreError, QueueError and OutOfTime: our own faults."""
    if pace := _without_turn(work, webhook, services):
        await requeue_on_slow_lane(work, webhook, None, pace, services)
        return
    earlier = await _earlier(work, webhook, services)
    match triage(work, earlier):
        case Triage.ATTEMPT:
            contested = earlier is not None and not work.task.forced
            await proceed(work, webhook, earlier, services, begin_by, contested=contested)
        case Triage.CLAIM if earlier is not None:
            if claimed := await claim(work, webhook, earlier, services):
                await proceed(work, webhook, claimed, services, begin_by)
        case Triage.FOLLOW_UP if earlier is not None:
            await follow_up(earlier, work.task, services)


def _without_turn(work: Work, webhook: Webhook, services: Services) -> Pace | None:
    """The endpoint's pace where it has no room for a task of the slow lane, whose record then need not be read. One
    that has come before must be judged by its record: put back, nobody would see that it had."""
    if work.lane is Lane.FAST or work.receives > 1 or is_given_up(work, services.clock.unix()):
        return None
    if _route(work, webhook, services) is not Route.ATTEMPT:
        return None
    pace = services.pace_of(webhook)
    return pace if services.slots.refuses(pace) else None


async def _earlier(work: Work, webhook: Webhook, services: Services) -> Delivery | None:
    if not needs_record(work, services.clock.unix()):
        return None
    return await services.records.get(webhook.tenant, webhook.id, delivery_id(work.event_id, webhook.id))


async def proceed(
    work: Work,
    webhook: Webhook,
    earlier: Delivery | None,
    services: Services,
    begin_by: float | None,
    *,
    contested: bool = False,
) -> DeliveryResult:
    """Makes the attempt, given what was recorded `earlier`, or has the task wait. Raises as `deliver` does.

    `contested`: a twin of the task may be here at the same moment; of those that find the same record one makes it."""
    health = services.health_cache.health(webhook)
    match _route(work, webhook, services):
        case Route.DISABLED:  # it was disabled on the way; a replay revives what waited for it
            return await _conclude(work, webhook, earlier, None, Dead(DeadReason.DISABLED), services)
        case Route.PAUSED:
            return await defer_until_resumed(work, webhook, earlier, health.paused_until or 0.0, services)
        case Route.SLOW_LANE:
            return await move_to_slow_lane(work, webhook, earlier, services)
        case Route.ATTEMPT:
            return await _call(work, webhook, earlier, services, begin_by, contested=contested)


async def _call(
    work: Work,
    webhook: Webhook,
    earlier: Delivery | None,
    services: Services,
    begin_by: float | None,
    *,
    contested: bool,
) -> DeliveryResult:
    pace = services.pace_of(webhook)
    try:
        outcome = await _attempted(work, webhook, pace, services, begin_by, earlier if contested else None)
    except NoSlot:
        if is_given_up(work, services.clock.unix()):
            return await _conclude(work, webhook, earlier, None, Dead(DeadReason.NO_TURN), services)
        return await requeue_on_slow_lane(work, webhook, earlier, pace, services)
    except ConditionFailed:
        return await wait_for_twin(work, webhook, services)
    if outcome is None:
        return await proceed(work, webhook, earlier, services, begin_by, contested=contested)
    verdict = decide(
        outcome.made, work.task.attempt, services.schedule, services.jitter(), retry_after_s=outcome.retry_after_s
    )
    if work.task.instead_of:
        verdict = put_back(verdict, outcome, work, services.clock.unix())
    return await _conclude(work, webhook, earlier, outcome, verdict, services)


async def _attempted(
    work: Work, webhook: Webhook, pace: Pace, services: Services, begin_by: float | None, contested: Delivery | None
) -> Outcome | None:
    """The outcome of an attempt, made when there is room; None when it goes another way by then. Raises ConditionFailed
    when what is `contested` is a twin's."""
    async with services.slots.taken(pace, work.lane, begin_by) as slot:
        if _route(work, webhook, services) is not Route.ATTEMPT:
            return None
        if contested:
            await take(contested, work, services)
        async with Watch(slot, webhook, services) as watch:
            outcome = await attempt(work, webhook, services)
            await watch.ended(outcome)
            return outcome


async def _conclude(
    work: Work,
    webhook: Webhook,
    earlier: Delivery | None,
    outcome: Outcome | None,
    verdict: Verdict,
    services: Services,
) -> Delivery:
    made = outcome.made if outcome else None
    count_attempt(made, verdict, services.meter, services.tally)
    delivery = recorded(work, webhook, earlier, made, verdict, services.clock.unix())
    _tell(delivery, made, work.task.attempt)
    try:
        await record(delivery, work, earlier, services)
    except ConditionFailed:
        return delivered_by_twin(delivery)
    if outcome:
        await update_health(work, webhook, earlier, outcome, verdict, services)
    await follow_up(delivery, work.task, services)
    return delivery


def _route(work: Work, webhook: Webhook, services: Services) -> Route:
    return route(work, webhook, services.health_cache.health(webhook), services.clock.unix())


def _tell(delivery: Delivery, made: Attempt | None, number: int) -> None:
    """A line for each attempt that failed, at any level of the log; at DEBUG for the others as well."""
    level = logging.DEBUG if delivery.state is DeliveryState.DELIVERED else logging.INFO
    if log.isEnabledFor(level):
        fields = {
            "delivery": delivery.id,
            "event_type": delivery.event_type,
            "attempt": number,
            "state": delivery.state,
            "status": made.status if made else None,
            "error": made.error if made else "not attempted",
            "ms": made.ms if made else None,
        }
        log.log(level, "attempt", extra={"fields": fields})
