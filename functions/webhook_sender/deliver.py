"""One event at one endpoint, from the record of what was to what follows. The order of steps is what keeps promises:

    read the record if the task may have been here before -> attempt -> record -> heed -> schedule or bury
        -> (delete message)

Instead of an attempt a task may take the slow lane, or be put off (way.py, aside.py).

The SQS message is deleted last, so wherever the process dies, the task comes again (`receives` > 1) and is judged by
what was recorded (`standing`):

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

from functions.webhook_sender.aside import is_given_up, put_off_paused, take_slow_lane, wait_for_taken, wait_for_turn
from functions.webhook_sender.attempt import Outcome, attempt
from functions.webhook_sender.catch_up.claim import claim, put_back
from functions.webhook_sender.decide import Dead, Verdict, decide
from functions.webhook_sender.fate import Fate
from functions.webhook_sender.figures import count_attempt
from functions.webhook_sender.follow import follow
from functions.webhook_sender.heed import heed
from functions.webhook_sender.incoming import Work
from functions.webhook_sender.lane import Lane
from functions.webhook_sender.pace import Pace
from functions.webhook_sender.paced import pace_of
from functions.webhook_sender.places import NoRoom
from functions.webhook_sender.record import delivered_by_twin, record, recorded, take
from functions.webhook_sender.services import Services
from functions.webhook_sender.standing import Standing, needs_record, standing
from functions.webhook_sender.watch import Watch
from functions.webhook_sender.way import Way, way
from shared.models.dead_reason import DeadReason
from shared.models.webhook import Attempt, Delivery, DeliveryState, Webhook, delivery_id
from shared.store.database import ConditionFailed

log = logging.getLogger(__name__)


async def deliver(work: Work, webhook: Webhook, services: Services, begin_by: float | None = None) -> None:
    """Makes the attempt that is due, if any is. Raises StoreError, QueueError and OutOfTime: our own faults."""
    if pace := _without_turn(work, webhook, services):
        await wait_for_turn(work, webhook, None, pace, services)
        return
    earlier = await _earlier(work, webhook, services)
    match standing(work, earlier):
        case Standing.OPEN:
            contested = earlier is not None and not work.task.forced
            await proceed(work, webhook, earlier, services, begin_by, contested=contested)
        case Standing.EARLY if earlier is not None:
            if claimed := await claim(work, webhook, earlier, services):
                await proceed(work, webhook, claimed, services, begin_by)
        case Standing.RECORDED if earlier is not None:
            await follow(earlier, work.task, services)


def _without_turn(work: Work, webhook: Webhook, services: Services) -> Pace | None:
    """The endpoint's pace where it has no room for a task of the slow lane, whose record then need not be read. One
    that has come before must be judged by its record: put back, nobody would see that it had."""
    if work.lane is Lane.FAST or work.receives > 1 or is_given_up(work, services.clock.unix()):
        return None
    if _way(work, webhook, services) is not Way.CALL:
        return None
    pace = pace_of(webhook, services)
    return pace if services.places.refuses(pace) else None


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
) -> Fate:
    """Makes the attempt, given what was recorded `earlier`, or has the task wait. Raises as `deliver` does.

    `contested`: a twin of the task may be here at the same moment; of those that find the same record one makes it."""
    health = services.care.health(webhook)
    match _way(work, webhook, services):
        case Way.NONE:  # it was disabled on the way; a replay revives what waited for it
            return await _conclude(work, webhook, earlier, None, Dead(DeadReason.DISABLED), services)
        case Way.LATER:
            return await put_off_paused(work, webhook, earlier, health.paused_until or 0.0, services)
        case Way.ASIDE:
            return await take_slow_lane(work, webhook, earlier, services)
        case Way.CALL:
            return await _call(work, webhook, earlier, services, begin_by, contested=contested)


async def _call(
    work: Work,
    webhook: Webhook,
    earlier: Delivery | None,
    services: Services,
    begin_by: float | None,
    *,
    contested: bool,
) -> Fate:
    pace = pace_of(webhook, services)
    try:
        outcome = await _attempted(work, webhook, pace, services, begin_by, earlier if contested else None)
    except NoRoom:
        if is_given_up(work, services.clock.unix()):
            return await _conclude(work, webhook, earlier, None, Dead(DeadReason.NO_TURN), services)
        return await wait_for_turn(work, webhook, earlier, pace, services)
    except ConditionFailed:
        return await wait_for_taken(work, webhook, services)
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
    async with services.places.taken(pace, work.lane, begin_by) as place:
        if _way(work, webhook, services) is not Way.CALL:
            return None
        if contested:
            await take(contested, work, services)
        async with Watch(place, webhook, services) as watch:
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
        await heed(work, webhook, earlier, outcome, verdict, services)
    await follow(delivery, work.task, services)
    return delivery


def _way(work: Work, webhook: Webhook, services: Services) -> Way:
    return way(work, webhook, services.care.health(webhook), services.clock.unix())


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
