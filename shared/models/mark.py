"""The mark of an instance's event log: the last sequence that was given, and what all events so far add up to.

It is written with the events themselves, in their transaction. So its counts cost no write of their own, and are exact:
whatever dies, an event is in the log and counted, or neither.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.models.event import Event, EventType
from shared.models.instance import InstanceState

_COUNTED = {
    EventType.MESSAGE_SENT: "sent",
    EventType.MESSAGE_FAILED: "failed",
    EventType.MESSAGE_UNCERTAIN: "uncertain",
}
_OF_THE_CONNECTION = frozenset({EventType.INSTANCE_STATE, EventType.INSTANCE_QR})


@dataclass(frozen=True, slots=True)
class Mark:
    """`last` is a sequence; the others count messages and how often the instance came to be connected.

    `active_at` is when something last happened to it that was not about its connection (ISO 8601). A mark that an
    earlier version wrote has no counts: they begin with the next event.
    """

    last: int = 0
    sent: int = 0
    received: int = 0
    failed: int = 0
    uncertain: int = 0
    connections: int = 0
    active_at: str | None = None

    @property
    def reconnects(self) -> int:
        """How often it was connected again after the first time."""
        return max(0, self.connections - 1)

    def after(self, event: Event) -> Mark:
        """The mark once this event, which has a sequence, is in the log too."""
        counted = {name: getattr(self, name) + 1 for name in (_counted(event),) if name}
        active_at = self.active_at if event.type in _OF_THE_CONNECTION else event.timestamp
        return replace(self, last=event.sequence or 0, active_at=active_at, **counted)


def _counted(event: Event) -> str | None:
    """The count that an event adds to."""
    match event.type:
        case EventType.MESSAGE_RECEIVED:
            return None if event.data.get("from_me") else "received"
        case EventType.INSTANCE_STATE:
            return "connections" if event.data.get("state") == InstanceState.CONNECTED else None
    return _COUNTED.get(event.type)
