"""What is to be recorded of an instance: an event, and the writes that belong to it, all or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.models.event import EventType
from shared.models.instance import InstanceKey, JournalEntry
from shared.store.database import Delete, Put, Update

MAX_TRANSACTION = 100  # DynamoDB's bound on the items of a transaction


@dataclass(frozen=True, slots=True)
class EventDraft:
    """An event that has no sequence yet. `timestamp` is ISO 8601."""

    type: EventType
    data: dict[str, Any]
    timestamp: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to record. `writes` may carry conditions: when one fails, nothing of the entry is recorded."""

    key: InstanceKey
    writes: tuple[Put | Update | Delete, ...] = ()
    event: EventDraft | None = None
    journal: JournalEntry | None = None

    def items(self) -> int:
        """How many items of a transaction it takes."""
        return len(self.writes) + (self.event is not None) + (self.journal is not None)

    def touches(self) -> set[str]:
        """The existing items it writes; a transaction may name each only once."""
        return {f"{write.table}/{_identity(write)}" for write in self.writes}

    def size(self) -> int:
        """A rough upper bound of its bytes."""
        texts = [str(self.event.data)] if self.event else []
        texts += [str(write.sets) if isinstance(write, Update) else str(_identified(write)) for write in self.writes]
        return 1_000 + 4 * sum(map(len, texts))


def _identity(write: Put | Update | Delete) -> str:
    key = _identified(write)
    return "/".join(str(key[name]) for name in ("tenant", "instance", "id") if name in key)


def _identified(write: Put | Update | Delete) -> dict[str, Any]:
    return write.values if isinstance(write, Put) else write.key
