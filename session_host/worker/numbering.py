"""The sequences of events: each instance's go on where its mark stands, which outlives the log."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from session_host.worker.gathering import Waiting
from session_host.worker.patience import until_available
from shared.ids import new_id
from shared.models.event import Event
from shared.models.instance import InstanceKey
from shared.models.mark import Mark
from shared.store.events import Events

READ_AT_ONCE = 100


class Numbering:
    """The marks of a partition's instances, as its owner knows them."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._marks: dict[InstanceKey, Mark] = {}

    async def read_ahead(self, keys: Sequence[InstanceKey]) -> None:
        """Reads the marks of these instances, many at once; else each is read when it is needed."""
        for start in range(0, len(keys), READ_AT_ONCE):
            some = {str(key): key for key in keys[start : start + READ_AT_ONCE]}
            marks = await until_available(partial(self._events.marks, list(some)))
            for instance, mark in marks.items():
                self._marks.setdefault(some[instance], mark)

    async def numbered(self, group: Sequence[Waiting]) -> tuple[list[Event | None], dict[InstanceKey, Mark]]:
        """The group's events (None where an entry has none) with the sequences they will have, and the marks then."""
        marks: dict[InstanceKey, Mark] = {}
        events: list[Event | None] = []
        for waiting in group:
            draft, key = waiting.entry.event, waiting.entry.key
            if draft is None:
                events.append(None)
                continue
            if key not in marks:
                marks[key] = await self._mark(key)
            numbered = (new_id("evt"), draft.type, draft.timestamp, draft.data, key.id, marks[key].last + 1)
            event = Event(*numbered, waiting.traceparent)
            marks[key] = marks[key].after(event)
            events.append(event)
        return events, marks

    def keep(self, marks: dict[InstanceKey, Mark]) -> None:
        """What is stored now."""
        self._marks |= marks

    def forget(self, key: InstanceKey) -> None:
        """The next event's mark is read anew."""
        self._marks.pop(key, None)

    async def _mark(self, key: InstanceKey) -> Mark:
        if key not in self._marks:
            self._marks[key] = await until_available(partial(self._events.mark, str(key)))
        return self._marks[key]
