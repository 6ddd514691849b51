"""Step 7: the delivery as it is recorded, one write per attempt."""

from __future__ import annotations

from dataclasses import replace

from functions.webhook_sender.decide import Dead, Delivered, Retry, Verdict
from functions.webhook_sender.incoming import Work
from functions.webhook_sender.services import Services
from shared.clock import iso
from shared.models.webhook import Attempt, Delivery, DeliveryState, Webhook, delivery_id

# The longest attempt (30 s), its record, and a minute by which clocks may differ. It need not fit the time for which a
# message is hidden (180 s; 60 s where no Lambda runs the sender): a message that comes again has what it took, and one
# that was put in its place, which comes within seconds, waits for so long (deferral.wait_for_twin).
TAKEN_S = 120.0
MAX_ATTEMPTS = 30  # kept of a delivery that is replayed again and again; an item of the store is bounded


def recorded(
    work: Work, webhook: Webhook, earlier: Delivery | None, made: Attempt | None, verdict: Verdict, now: float
) -> Delivery:
    """The delivery after an attempt (None: it ended without one)."""
    unused = bool(work.task.instead_of) and isinstance(verdict, Retry)
    attempts = (earlier.attempts if earlier else ()) + ((made,) if made else ())
    return Delivery(
        id=delivery_id(work.event_id, webhook.id),
        tenant=webhook.tenant,
        webhook_id=webhook.id,
        event_id=work.event_id,
        event_type=work.event_type,
        state=_state(verdict),
        created_at=earlier.created_at if earlier else attempts[0].at if attempts else iso(now),
        attempts=attempts[-MAX_ATTEMPTS:],
        next_attempt_at=iso(now + verdict.after_s) if isinstance(verdict, Retry) else None,
        delivered_at=(earlier.delivered_at if earlier else None) or _delivered_at(attempts),
        instance=work.instance,
        sequence=work.sequence,
        body=work.task.event if work.sequence is None else None,
        traceparent=(earlier.traceparent if earlier else None) or work.task.traceparent,
        round=work.task.attempt + (not unused),
        early=(earlier.early if earlier else 0) + 1 if unused else 0,
        reason=verdict.reason if isinstance(verdict, Dead) else None,
    )


def put_off_until(work: Work, webhook: Webhook, earlier: Delivery | None, due: float) -> Delivery:
    """The delivery after it was put off without an attempt: no round of the schedule is used up."""
    before = recorded(work, webhook, earlier, None, Retry(0.0), due)
    state = DeliveryState.RETRYING if before.attempts else DeliveryState.PENDING
    created_at = earlier.created_at if earlier else iso(work.sent_at or work.happened_at)
    early = earlier.early if earlier else 0
    return replace(
        before, state=state, created_at=created_at, next_attempt_at=iso(due), round=work.task.attempt, early=early
    )


def waiting(work: Work, webhook: Webhook) -> Delivery:
    """The delivery before its first attempt, where that waits for a turn: nobody knows when it comes."""
    return replace(put_off_until(work, webhook, None, 0.0), next_attempt_at=None)


def _delivered_at(attempts: tuple[Attempt, ...]) -> str | None:
    return next((one.at for one in attempts if one.delivers), None)


async def record(delivery: Delivery, work: Work, earlier: Delivery | None, services: Services) -> None:
    """Stores it. Raises ConditionFailed when a success was recorded meanwhile, which a failure must not cover up; a
    replay's covers up the success that was `earlier`."""
    replayed = work.task.forced and earlier is not None and earlier.state is DeliveryState.DELIVERED
    guarded = delivery.state is not DeliveryState.DELIVERED and not replayed
    await services.records.save(delivery, services.clock.unix(), keep_delivered=guarded)


async def take(seen: Delivery, work: Work, services: Services) -> None:
    """Reserves the due attempt for this queue message until TAKEN_S is over. Raises StoreError; ConditionFailed when
    another message holds it.

    The message holds it, not the process: where that dies the same message comes again and makes the attempt. Where it
    comes no more (another was put in its place, or it was received too often) whoever comes after TAKEN_S makes it."""
    now = round(services.clock.unix(), 3)
    await services.records.take(seen, by=work.carrier, now=now, until=now + TAKEN_S)


def delivered_by_twin(delivery: Delivery) -> Delivery:
    """The delivery where a twin of its task has delivered it meanwhile."""
    return replace(delivery, state=DeliveryState.DELIVERED, next_attempt_at=None)


def _state(verdict: Verdict) -> DeliveryState:
    match verdict:
        case Delivered():
            return DeliveryState.DELIVERED
        case Retry():
            return DeliveryState.RETRYING
        case Dead():
            return DeliveryState.DEAD
