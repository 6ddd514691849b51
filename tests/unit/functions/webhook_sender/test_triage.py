"""What is left to do, told by the record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.webhook_sender.triage import FRESH_S, Triage, needs_record, takes, triage
from shared.clock import iso
from shared.models.event import EventType
from shared.models.webhook import Delivery, DeliveryState
from shared.queues.deliveries import DeliveryTask
from tests.fakes.clock import NOW
from tests.fakes.deliveries import retrying
from tests.fakes.webhooks import a_task, a_webhook, a_work, an_event

DUE = NOW + 1.5
RETRYING = retrying(NOW, DUE)
DELIVERED = replace(RETRYING, state=DeliveryState.DELIVERED, next_attempt_at=None)
DEAD = replace(RETRYING, state=DeliveryState.DEAD, next_attempt_at=None)
WAITING = replace(RETRYING, state=DeliveryState.PENDING, attempts=(), next_attempt_at=None, round=0)
PUT_OFF = replace(WAITING, next_attempt_at=iso(DUE))
FIRST = a_task()
MOVED = a_task(webhook_id="wh_a", moved_at=NOW)
DUE_NOW = a_task(webhook_id="wh_a", attempt=1, not_before=DUE)
LEFT_OVER = a_task(webhook_id="wh_a", attempt=1, not_before=DUE - 1)
FORCED = a_task(webhook_id="wh_a", forced=True)
REVIVED = a_task(webhook_id="wh_a", again=True)


@pytest.mark.parametrize(
    ("task", "receives", "record", "expected"),
    [
        (FIRST, 1, None, Triage.ATTEMPT),
        (FIRST, 2, None, Triage.ATTEMPT),
        (FIRST, 2, DELIVERED, Triage.DROP),
        (FIRST, 2, RETRYING, Triage.FOLLOW_UP),
        (FIRST, 2, DEAD, Triage.FOLLOW_UP),
        (a_task(again=True), 1, RETRYING, Triage.DROP),
        (a_task(again=True), 1, DEAD, Triage.DROP),
        (a_task(again=True), 1, DELIVERED, Triage.DROP),
        (a_task(again=True), 1, WAITING, Triage.ATTEMPT),
        (FIRST, 2, WAITING, Triage.ATTEMPT),
        (MOVED, 1, WAITING, Triage.ATTEMPT),
        (MOVED, 2, WAITING, Triage.ATTEMPT),
        (MOVED, 1, RETRYING, Triage.DROP),
        (MOVED, 1, PUT_OFF, Triage.DROP),
        (FORCED, 1, WAITING, Triage.ATTEMPT),
        (DUE_NOW, 1, WAITING, Triage.DROP),
        (DUE_NOW, 1, RETRYING, Triage.ATTEMPT),
        (DUE_NOW, 2, RETRYING, Triage.ATTEMPT),
        (DUE_NOW, 1, DELIVERED, Triage.DROP),
        (DUE_NOW, 1, DEAD, Triage.DROP),
        (LEFT_OVER, 1, RETRYING, Triage.DROP),
        (LEFT_OVER, 2, RETRYING, Triage.FOLLOW_UP),  # it may be the one that was put off, not the left-over
        (LEFT_OVER, 2, replace(RETRYING, round=2), Triage.FOLLOW_UP),
        (LEFT_OVER, 2, replace(RETRYING, round=3), Triage.DROP),
        (LEFT_OVER, 2, replace(DEAD, round=2), Triage.FOLLOW_UP),
        (LEFT_OVER, 2, replace(DEAD, round=3), Triage.DROP),
        (FORCED, 1, DELIVERED, Triage.ATTEMPT),
        (FORCED, 1, DEAD, Triage.ATTEMPT),
        (FORCED, 1, RETRYING, Triage.ATTEMPT),
        (REVIVED, 1, DEAD, Triage.ATTEMPT),
        (REVIVED, 1, DELIVERED, Triage.DROP),
    ],
)
def test_the_record_decides(task: DeliveryTask, receives: int, record: Delivery | None, expected: Triage) -> None:
    assert triage(a_work(task, receives=receives), record) is expected


@pytest.mark.parametrize(("record", "expected"), [(DELIVERED, Triage.DROP), (RETRYING, Triage.FOLLOW_UP)])
def test_a_replay_that_comes_again_after_its_own_attempt_is_not_made_twice(record: Delivery, expected: Triage) -> None:
    sent_before, sent_after = NOW - 1, NOW + 1  # the recorded attempt was made at NOW
    assert triage(a_work(FORCED, receives=2, sent_at=sent_before), record) is expected
    assert triage(a_work(FORCED, receives=2, sent_at=sent_after), record) is Triage.ATTEMPT


@pytest.mark.parametrize(
    ("asked_at", "record", "expected"),
    [
        (NOW + 1, DELIVERED, Triage.ATTEMPT),
        (NOW - 1, DELIVERED, Triage.DROP),
        (NOW - 1, RETRYING, Triage.FOLLOW_UP),
        (NOW - 1, replace(RETRYING, round=3), Triage.DROP),  # its own retries go on
        (NOW - 1, DEAD, Triage.FOLLOW_UP),
        (NOW - 1, replace(DEAD, round=10), Triage.ATTEMPT),  # its own retries ended meanwhile
        (NOW + 1, replace(DEAD, round=10), Triage.ATTEMPT),
    ],
)
def test_a_replay_of_many_is_done_with_what_was_attempted_since_it_was_asked_for(
    asked_at: float, record: Delivery, expected: Triage
) -> None:
    assert triage(a_work(replace(FORCED, asked_at=asked_at)), record) is expected


def test_the_first_time_needs_no_read_and_every_other_does() -> None:
    assert not needs_record(a_work(FIRST), NOW)
    assert needs_record(a_work(FIRST, receives=2), NOW)
    assert needs_record(a_work(FIRST), NOW + FRESH_S + 1)
    assert all(needs_record(a_work(task), NOW) for task in (DUE_NOW, FORCED, REVIVED))


def test_a_disabled_endpoint_takes_only_replays_and_tests() -> None:
    disabled = a_webhook(enabled=False)
    test = a_task(an_event(event_type=EventType.WEBHOOK_TEST), webhook_id="wh_a")
    assert [takes(disabled, a_work(task)) for task in (DUE_NOW, FORCED, test)] == [False, True, True]
    assert takes(a_webhook(), a_work(DUE_NOW))
