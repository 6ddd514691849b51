"""One event at one endpoint, from the record of what was to what follows. The order of steps is what keeps promises:

    read the record if the task may have been here before -> attempt -> record -> schedule or bury -> (delete message)

The SQS message is deleted last, so wherever the process dies, the task comes again (`receives` > 1) and is judged by
what was recorded (`standing`):

| died                       | recorded                    | the task comes again and                             |
|----------------------------|-----------------------------|------------------------------------------------------|
| before the attempt         | nothing, or the one before  | makes the attempt                                    |
| attempt made, not recorded | nothing, or the one before  | makes it again: the endpoint may hear it twice       |
| recorded 2xx               | delivered                   | is dropped: never again after a recorded 2xx         |
| recorded, not scheduled    | retrying, next_attempt_at   | schedules the attempt for that time                  |
| scheduled, not deleted     | retrying, next_attempt_at   | schedules it once more; the later twin is dropped    |
| recorded, not buried       | dead                        | is put on the dead-letter queue                      |
| buried, not deleted        | dead                        | is put there once more; after a 2xx a copy is dropped |
| a task put off (a hop)     | retrying, next_attempt_at   | is put off once more; the later twin is dropped      |

What the store or the queues refuse (StoreError, QueueError) has the effect of dying at that step.
"""

from __future__ import annotations

import logging

from functions.webhook_sender.attempt import attempt
from functions.webhook_sender.decide import Dead, Verdict, decide
from functions.webhook_sender.figures import count_attempt
from functions.webhook_sender.follow import follow
from functions.webhook_sender.incoming import Work
from functions.webhook_sender.record import record, recorded
from functions.webhook_sender.services import Services
from functions.webhook_sender.standing import Standing, needs_record, standing, takes
from shared.models.webhook import Attempt, Delivery, DeliveryState, Webhook, delivery_id
from shared.store.database import ConditionFailed

log = logging.getLogger(__name__)


async def deliver(work: Work, webhook: Webhook, services: Services, begin_by: float | None = None) -> None:
    """Makes the attempt that is due, if any is. Raises StoreError, QueueError and OutOfTime: our own faults."""
    earlier = await _earlier(work, webhook, services)
    match standing(work, earlier):
        case Standing.OPEN:
            await _proceed(work, webhook, earlier, services, begin_by)
        case Standing.RECORDED if earlier is not None:
            await follow(earlier, work.task, services)


async def _earlier(work: Work, webhook: Webhook, services: Services) -> Delivery | None:
    if not needs_record(work, services.clock.unix()):
        return None
    return await services.records.get(webhook.tenant, webhook.id, delivery_id(work.event_id, webhook.id))


async def _proceed(
    work: Work, webhook: Webhook, earlier: Delivery | None, services: Services, begin_by: float | None
) -> None:
    made: Attempt | None = None
    verdict: Verdict = Dead()  # unless it is called: it was disabled on the way, a replay revives what waited for it
    if takes(webhook, work):
        made = await attempt(work, webhook, services, begin_by)
        verdict = decide(made, work.task.attempt, services.schedule, services.jitter())
    count_attempt(made, verdict, services.meter, services.tally)
    delivery = recorded(work, webhook, earlier, made, verdict, services.clock.unix())
    _tell(delivery, made, work.task.attempt)
    try:
        await record(delivery, work, services)
    except ConditionFailed:
        return  # a twin of this task has delivered it
    await follow(delivery, work.task, services)


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
            "error": made.error if made else "disabled",
            "ms": made.ms if made else None,
        }
        log.log(level, "attempt", extra={"fields": fields})
