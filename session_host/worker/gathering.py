"""Entries that wait for the ledger's next transaction, and which of them go into it."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from session_host.worker.entry import MAX_TRANSACTION, Entry
from shared.models.instance import InstanceKey

MAX_BYTES = 3_000_000  # of DynamoDB's 4 MB for a transaction
COMMON = 2  # items of every transaction: the fence and the outbox


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry whose writer waits for `done`."""

    entry: Entry
    done: asyncio.Future[None]
    traceparent: str | None

    def succeed(self) -> None:
        """It is stored."""
        if not self.done.done():
            self.done.set_result(None)

    def fail(self, error: Exception) -> None:
        """Tells the writer, unless it was told before."""
        if not self.done.done():
            self.done.set_exception(error)


def take_group(waiting: deque[Waiting]) -> list[Waiting]:
    """Takes the first ones, in their order, as many as one transaction can hold; one at least.

    A transaction may name an item only once, and writes one mark for each instance that has an event.
    """
    group: list[Waiting] = []
    touched: set[str] = set()
    marked: set[InstanceKey] = set()
    room, size = MAX_TRANSACTION - COMMON, 0
    while waiting:
        entry = waiting[0].entry
        touches, marks = entry.touches(), {entry.key} - marked if entry.event else set()
        items = entry.items() + len(marks)
        full = items > room or size + entry.size() > MAX_BYTES or touches & touched
        if group and full:
            break
        group.append(waiting.popleft())
        touched |= touches
        marked |= marks
        room, size = room - items, size + entry.size()
    return group
