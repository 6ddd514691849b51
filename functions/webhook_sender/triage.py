"""Step 2: what the stored delivery leaves to do for an event at an endpoint. Pure.

A retry is due only if the task's `not_before` equals the record's `next_attempt_at`. So of tasks that were scheduled
twice only the first makes the attempt: afterwards the record names another time, or is settled. A retry that is brought
forward has a time of its own, which it first puts in the place of the other (catch_up/claim.py).
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


class Triage(Enum):
    """ATTEMPT: make the attempt. CLAIM: replace the scheduled attempt, then make it now. FOLLOW_UP: the
    attempt was made or deferred, but its retry or dead letter may be missing. DROP: nothing is left to do."""

    ATTEMPT = auto()
    CLAIM = auto()
    FOLLOW_UP = auto()
    DROP = auto()


def needs_record(work: Work, now: float) -> bool:
    """Whether the record must be read first: for a later attempt, and when the task may have been here before."""
    task = work.task
    first = task.attempt == 0 and not (task.again or task.forced or task.not_before or task.moved_at)
    return not first or work.receives > 1 or now - work.noted_at > FRESH_S


def triage(work: Work, earlier: Delivery | None) -> Triage:
    """What is to be done, given the delivery as it was recorded (None: not yet)."""
    if earlier is None:
        return Triage.DROP if work.task.instead_of else Triage.ATTEMPT
    if work.task.forced:
        return _after(work, earlier) if _is_replayed(work, earlier) else Triage.ATTEMPT
    if earlier.state is DeliveryState.DELIVERED:
        return Triage.DROP
    if _is_due(work, earlier) or _is_revived(work, earlier) or _is_unattempted(work, earlier):
        return Triage.ATTEMPT
    if _is_early(work, earlier):
        return Triage.CLAIM
    return _after(work, earlier) if work.receives > 1 else Triage.DROP


def takes(webhook: Webhook, work: Work) -> bool:
    """Whether an endpoint that was found is to be called: it may have been disabled since the event happened."""
    return webhook.active or work.task.forced or work.event_type == EventType.WEBHOOK_TEST


def _after(work: Work, earlier: Delivery) -> Triage:
    """Where a later attempt was made already, what follows from this one had been scheduled. Of a task that was put
    off without an attempt no round is used up, only the time it is due has changed."""
    put_off = earlier.round == work.task.attempt and earlier.next_attempt_at is not None
    last = put_off or earlier.round == work.task.attempt + 1
    return Triage.FOLLOW_UP if last and earlier.state is not DeliveryState.DELIVERED else Triage.DROP


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
