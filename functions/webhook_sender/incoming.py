"""What an SQS record of the deliveries queue asks for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.webhook_sender.lane import Lane, lane_of
from shared.clock import parse_iso
from shared.ids import made_at
from shared.models.event import EventType
from shared.queues.deliveries import DeliveryTask, decode
from shared.queues.queue import TRACEPARENT
from shared.tracing import checked

_ABOUT_ENDPOINTS = frozenset({EventType.WEBHOOK_FAILING, EventType.WEBHOOK_DISABLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A task with what must be known of its event and of the message that brought it.

    `happened_at` and `noted_at` (the event: a phone may tell hours late; places in the log rise with the latter) and
    `sent_at` (the message) in unix seconds; `receives` counts this time. `reason`: the code with which the event
    explains itself, if it does; `about`: the endpoint whose trouble the event tells of; `message_id`: our message that
    it is about, if any. `carrier`: the id of the message of the queue."""

    task: DeliveryTask
    event_id: str
    event_type: str
    happened_at: float
    noted_at: float
    instance: str | None = None
    sequence: int | None = None
    receives: int = 1
    sent_at: float = 0.0
    lane: Lane = Lane.FAST
    about: str | None = None
    reason: str | None = None
    message_id: str | None = None
    carrier: str = ""


def read(record: Mapping[str, Any]) -> Work:
    """The work of a record as Lambda gives it. Event types need not be known here. Raises ValueError."""
    attributes = record.get("attributes", {})
    return work_of(
        decode(record["body"], _traceparent(record)),
        receives=int(attributes.get("ApproximateReceiveCount", 1)),
        sent_at=int(attributes.get("SentTimestamp", 0)) / 1000,
        lane=lane_of(record),
        carrier=record.get("messageId", ""),
    )


def work_of(task: DeliveryTask, *, receives: int, sent_at: float, lane: Lane, carrier: str = "") -> Work:
    """The work of a task. Raises ValueError when its event is none."""
    try:
        event = json.loads(task.event)
        happened_at = parse_iso(event["timestamp"])
        return Work(
            task=task,
            event_id=event["id"],
            event_type=event["type"],
            happened_at=happened_at,
            noted_at=_noted_at(event["id"], happened_at),
            instance=event["instance"],
            sequence=event["sequence"],
            receives=receives,
            sent_at=sent_at,
            lane=lane,
            about=_about(event),
            reason=_reason(event.get("data")),
            message_id=_message_id(event.get("data")),
            carrier=carrier,
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"not an event: {error!r}") from error


def _noted_at(event_id: str, happened_at: float) -> float:
    """When the event was noted, which its id tells; for an id of another form when it happened."""
    try:
        return made_at(event_id)
    except ValueError:
        return happened_at


def _traceparent(record: Mapping[str, Any]) -> str | None:
    """The trace that the event came of; for what an earlier version put there each attempt begins one."""
    return checked(record.get("messageAttributes", {}).get(TRACEPARENT, {}).get("stringValue"))


def _about(event: dict[str, Any]) -> str | None:
    return str(event["data"]["webhook_id"]) if event["type"] in _ABOUT_ENDPOINTS else None


def _reason(data: Any) -> str | None:
    reason = data.get("reason") if isinstance(data, dict) else None
    return str(reason.get("code")) if isinstance(reason, dict) else None


def _message_id(data: Any) -> str | None:
    found = data.get("message_id") if isinstance(data, dict) else None
    return found if isinstance(found, str) else None
