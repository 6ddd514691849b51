"""Step 2: what is left to do for an event at an endpoint, told by its record. Pure.

A retry is due when the record says so by its time (`next_attempt_at` = the task's `not_before`). So of tasks that were
scheduled twice only the first to arrive makes the attempt: afterwards the record names another time, or is settled.
One that is brought forward has a time of its own, which it puts in the place of the other first (catch_up/claim.py).
"""

from __future__ import annotations

from enum import Enum, auto

from functions.webhook_sender.incoming import Work
from shared.clock import iso, parse_iso
from shared.models.event import EventType
from shared.models.webhook import Delivery, DeliveryState, Webhook

# Less than a message is hidden (180 s), so than anything is old that a dead-letter queue has got: an event of this age
# may have come back out of one as if it were new.
FRESH_S = 170


class Standing(Enum):
    """OPEN: make the attempt. EARLY: take the place of the one that is scheduled, then make it. RECORDED: it was made
    or put off, but what follows may not have been scheduled. SETTLED: nothing."""

    OPEN = auto()
    EARLY = auto()
    RECORDED = auto()
    SETTLED = auto()


def needs_record(work: Work, now: float) -> bool:
    """Whether the record must be read first: for a later attempt, and when the task may have been here before."""
    task = work.task
    first = task.attempt == 0 and not (task.again or task.forced or task.not_before or task.moved_at)
    return not first or work.receives > 1 or now - work.noted_at > FRESH_S


def standing(work: Work, earlier: Delivery | None) -> Standing:
    """What is to be done, given the delivery as it was recorded (None: not yet)."""
    if earlier is None:
        return Standing.SETTLED if work.task.instead_of else Standing.OPEN
    if work.task.forced:
        return _after(work, earlier) if _is_replayed(work, earlier) else Standing.OPEN
    if earlier.state is DeliveryState.DELIVERED:
        return Standing.SETTLED
    if _is_due(work, earlier) or _is_revived(work, earlier) or _is_unattempted(work, earlier):
        return Standing.OPEN
    if _is_early(work, earlier):
        return Standing.EARLY
    return _after(work, earlier) if work.receives > 1 else Standing.SETTLED


def takes(webhook: Webhook, work: Work) -> bool:
    """Whether an endpoint that was found is to be called: it may have been disabled since the event happened."""
    return webhook.active or work.task.forced or work.event_type == EventType.WEBHOOK_TEST


def _after(work: Work, earlier: Delivery) -> Standing:
    """Where a later attempt was made already, what follows from this one had been scheduled. Of a task that was put
    off without an attempt no round is used up, only the time it is due has changed."""
    put_off = earlier.round == work.task.attempt and earlier.next_attempt_at is not None
    last = put_off or earlier.round == work.task.attempt + 1
    return Standing.RECORDED if last and earlier.state is not DeliveryState.DELIVERED else Standing.SETTLED


def _is_due(work: Work, earlier: Delivery) -> bool:
    task = work.task
    if task.instead_of and work.receives == 1 and not task.moved_at:
        return False  # it has put nothing in the place of the other yet: a twin of it has
    due = iso(task.not_before) if task.not_before else None
    return due is not None and due == earlier.next_attempt_at


def _is_unattempted(work: Work, earlier: Delivery) -> bool:
    """Recorded before it was moved to the slow lane: the first to come makes the attempt, on whichever lane."""
    return earlier.state is DeliveryState.PENDING and earlier.next_attempt_at is None and work.task.attempt == 0


def _is_early(work: Work, earlier: Delivery) -> bool:
    scheduled = iso(work.task.instead_of) if work.task.instead_of else None
    return scheduled is not None and (earlier.state, earlier.next_attempt_at) == (DeliveryState.RETRYING, scheduled)


def _is_revived(work: Work, earlier: Delivery) -> bool:
    """A dead delivery moved back from the dead-letter queue, unless a twin was attempted and has died anew since."""
    task = work.task
    if task.moved_at and _attempted_since(task.moved_at, earlier):
        return False
    return earlier.state is DeliveryState.DEAD and task.again and task.webhook_id is not None


def _is_replayed(work: Work, earlier: Delivery) -> bool:
    """Whether what a replay wants was done. One that died of its schedule meanwhile, not of a replay, is still due."""
    asked_at = work.task.asked_at
    died_since = earlier.state is DeliveryState.DEAD and earlier.round > work.task.attempt + 1
    if asked_at and _attempted_since(asked_at, earlier) and not died_since:
        return True
    return work.receives > 1 and _attempted_since(work.sent_at, earlier)


def _attempted_since(sent_at: float, earlier: Delivery) -> bool:
    return bool(earlier.attempts) and parse_iso(earlier.attempts[-1].at) >= sent_at
