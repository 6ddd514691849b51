"""Step 2a: an attempt that is brought forward takes the place of the scheduled one.

The scheduled task stays on its queue. It is due while the record names its time; the one that takes its place writes
its own time there, on condition, and then it is due like any retry: wherever the process dies from there on, its
message comes again and is known by that time. Before, nothing is lost with it. So of both, and of any number of twins,
one makes the attempt.

The scheduled task reads the record no earlier than at its time. So no attempt is replaced that is due within
NEAR_S, which is more than clocks differ and a write takes: it will be here soon enough.

An early attempt does not use up a step of the retry schedule: if it fails, the delivery goes back to its old due time.
Between two scheduled attempts a delivery is brought forward at most MOST_EARLY times (worker.py), so an event that a
healthy endpoint always refuses is not retried at every success of other events.
"""

from __future__ import annotations

from dataclasses import replace

from functions.webhook_sender.attempt import Outcome
from functions.webhook_sender.catch_up.early_retries import NEAR_S
from functions.webhook_sender.decide import Delivered, Retry, Verdict, is_gone
from functions.webhook_sender.deferral import wait_for_twin
from functions.webhook_sender.incoming import Work
from functions.webhook_sender.services import Services
from shared.clock import iso
from shared.models.webhook import Delivery, Webhook
from shared.store.database import ConditionFailed

PUT_BACK_S = 1.0  # later than before, so that the scheduled task is not due any more


async def claim(work: Work, webhook: Webhook, earlier: Delivery, services: Services) -> Delivery | None:
    """The delivery, with its attempt due now; None where it is left to another task. Raises StoreError, QueueError."""
    health = services.health_cache.health(webhook)
    left_s = work.task.instead_of - services.clock.unix()
    if left_s <= NEAR_S or health.failing_since is not None or health.disabled_at is not None or not webhook.enabled:
        return None
    claimed = replace(earlier, next_attempt_at=iso(work.task.not_before))
    try:
        await services.records.reschedule(claimed, seen=earlier.next_attempt_at)
    except ConditionFailed:
        await _left(work, webhook, claimed, services)
        return None
    return claimed


async def _left(work: Work, webhook: Webhook, claimed: Delivery, services: Services) -> None:
    """Where the record names this task's time a twin has put it there, or this one has, and the answer got lost. So it
    comes once more when a twin would be through, and makes the attempt if nobody has."""
    found = await services.records.get(claimed.tenant, claimed.webhook_id, claimed.id)
    if found and found.next_attempt_at == claimed.next_attempt_at:
        await wait_for_twin(work, webhook, services)


def put_back(verdict: Verdict, outcome: Outcome, work: Work, now: float) -> Verdict:
    """The verdict on an attempt that was brought forward: a failure leaves the delivery where it was."""
    if isinstance(verdict, Delivered) or is_gone(outcome.made):
        return verdict
    return Retry(max(work.task.instead_of + PUT_BACK_S - now, outcome.retry_after_s or PUT_BACK_S))
