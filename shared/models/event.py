"""An event: something that happened to an instance. Its sequence has no gaps and no repeats within the instance."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class EventType(StrEnum):
    """The names that endpoints subscribe to."""

    MESSAGE_RECEIVED = "message.received"
    MESSAGE_SENT = "message.sent"
    MESSAGE_DELIVERED = "message.delivered"
    MESSAGE_READ = "message.read"
    MESSAGE_FAILED = "message.failed"
    MESSAGE_UNCERTAIN = "message.uncertain"
    MESSAGE_EDITED = "message.edited"
    MESSAGE_REVOKED = "message.revoked"
    MESSAGE_REACTION = "message.reaction"
    POLL_VOTE = "poll.vote"
    INSTANCE_STATE = "instance.state"
    INSTANCE_QR = "instance.qr"
    GROUP_JOINED = "group.joined"
    GROUP_UPDATED = "group.updated"
    PRESENCE_UPDATED = "presence.updated"
    CALL_OFFERED = "call.offered"
    CALL_ENDED = "call.ended"
    WEBHOOK_TEST = "webhook.test"
    WEBHOOK_FAILING = "webhook.failing"
    WEBHOOK_DISABLED = "webhook.disabled"


@dataclass(frozen=True, slots=True)
class Event:
    """What happened. `sequence` and `instance` are None only for events about an endpoint (`webhook.*`).

    `traceparent`: the trace that it came of; no part of its body.
    """

    id: str
    type: EventType
    timestamp: str
    data: dict[str, Any]
    instance: str | None = None
    sequence: int | None = None
    traceparent: str | None = None

    def body(self) -> str:
        """The JSON that is logged, delivered and signed, always the same for the same event."""
        return json.dumps(
            {
                "id": self.id,
                "type": self.type,
                "sequence": self.sequence,
                "instance": self.instance,
                "timestamp": self.timestamp,
                "data": self.data,
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
