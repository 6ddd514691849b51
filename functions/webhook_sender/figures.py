"""What the sender counts: what events announce, and how attempts end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.webhook_sender.decide import Dead, Delivered, Verdict
from functions.webhook_sender.incoming import Work
from shared.figures import Tally
from shared.metrics import (
    CLIENTS_OUTDATED,
    DELIVERIES_DEAD,
    MESSAGES_FAILED,
    MESSAGES_RECEIVED,
    MESSAGES_SENT,
    MESSAGES_UNCERTAIN,
    WEBHOOK_LATENCY,
    WEBHOOKS_DELIVERED,
    WEBHOOKS_FAILED,
    Meter,
    Metric,
)
from shared.models.dead_reason import DeadReason
from shared.models.event import EventType
from shared.models.webhook import Attempt
from shared.queues.names import DELIVERY_RECEIVES

_ANNOUNCED: dict[str, Metric] = {
    EventType.MESSAGE_RECEIVED: MESSAGES_RECEIVED,
    EventType.MESSAGE_SENT: MESSAGES_SENT,
    EventType.MESSAGE_FAILED: MESSAGES_FAILED,
    EventType.MESSAGE_UNCERTAIN: MESSAGES_UNCERTAIN,
}
_UNWANTED = frozenset({DeadReason.GONE, DeadReason.DISABLED})
_OUTDATED = "client_outdated"  # of shared/reasons.py


def count_event(work: Work, meter: Meter, tally: Tally) -> None:
    """Counts an event whose record is settled, however often it came until then; not its retries and replays. What is
    marked `again` may be on the queue twice: better counted twice, which is rare, than not at all."""
    task = work.task
    if task.webhook_id or task.attempt or task.forced:
        return
    if work.event_type in _ANNOUNCED:
        meter.add(_ANNOUNCED[work.event_type])
    elif work.event_type == EventType.INSTANCE_STATE and work.reason == _OUTDATED:
        meter.add(CLIENTS_OUTDATED)
        tally.client_outdated()


def count_lost(record: Mapping[str, Any], meter: Meter, tally: Tally) -> None:
    """Counts a record that has failed, if it was the last time: the queue gives it to the dead-letter queue."""
    if int(record.get("attributes", {}).get("ApproximateReceiveCount", 1)) >= DELIVERY_RECEIVES:
        count_dead(meter, tally)


def count_attempt(made: Attempt | None, verdict: Verdict, meter: Meter, tally: Tally) -> None:
    """Counts an attempt (None: none was made) and what it means. What is dead since its endpoint is gone or disabled
    was not given up: ENDPOINTS_DISABLED tells of it."""
    if made:
        tally.attempt(delivered=isinstance(verdict, Delivered))
        meter.add(WEBHOOKS_DELIVERED if isinstance(verdict, Delivered) else WEBHOOKS_FAILED)
        meter.observe(WEBHOOK_LATENCY, made.ms)
    if isinstance(verdict, Dead) and verdict.reason not in _UNWANTED:
        count_dead(meter, tally)


def count_dead(meter: Meter, tally: Tally) -> None:
    """Counts a delivery that was given up."""
    meter.add(DELIVERIES_DEAD)
    tally.delivery_dead()
