"""The event log: every event of an instance by sequence, kept 30 days, and the journal of its connection.

Sequences outlive the log: the item of sequence 0, the mark, never expires and holds the last sequence that was given,
and counts of what happened (models/mark.py). It is written with the events themselves, once per instance and
transaction, which costs two write units each time; nothing cheaper is exact, for the log can expire as a whole and
DynamoDB deletes what expired in no order.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from shared.models.event import Event, EventType
from shared.models.instance import InstanceKey, InstanceState, JournalEntry
from shared.models.mark import Mark
from shared.store.database import Condition, Database, Put, absent
from shared.store.sifting import one_of, sift

TABLE = "events"
JOURNAL = "journal"
MARK = 0  # the sequence of the item that holds the last one given
KEPT_S = 30 * 86_400
_COUNT_FIELDS = ("instance", *(name for name in Mark.__dataclass_fields__ if name != "last"))


@dataclass(frozen=True, slots=True)
class Logged:
    """An event as it is kept: its JSON body, the trace that it came of, and its place in the log."""

    body: str
    traceparent: str | None = None
    sequence: int = MARK


class Events:
    """The log of all instances; `instance` is the text form of InstanceKey."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def after(self, instance: str, sequence: int, limit: int) -> list[str]:
        """The JSON bodies of the events that follow `sequence`, in order."""
        return [one.body for one in await self.logged_after(instance, sequence, limit)]

    async def logged_after(self, instance: str, sequence: int, limit: int) -> list[Logged]:
        """The events that follow `sequence`, in order."""
        values = {"i": instance, "s": max(sequence, MARK)}
        where = Condition("#i = :i AND #s > :s", {"i": "instance", "s": "sequence"}, values)
        found, _ = await self._db.query(TABLE, where, limit=limit, consistent=True)
        return [_logged(values) for values in found]

    async def run_after(self, instance: str, sequence: int, limit: int) -> tuple[list[Logged], bool]:
        """The events that follow `sequence`, in order, and whether there may be more of them."""
        values = {"i": instance, "s": max(sequence, MARK)}
        where = Condition("#i = :i AND #s > :s", {"i": "instance", "s": "sequence"}, values)
        found, last = await self._db.query(TABLE, where, limit=limit, consistent=True)
        return [_logged(values) for values in found], last is not None

    async def run_before(self, instance: str, sequence: int, limit: int) -> list[Logged]:
        """The events that come before `sequence`, the last of them first."""
        values = {"i": instance, "a": MARK + 1, "b": sequence - 1}
        if sequence - 1 <= MARK:
            return []
        where = Condition("#i = :i AND #s BETWEEN :a AND :b", {"i": "instance", "s": "sequence"}, values)
        found, _ = await self._db.query(TABLE, where, limit=limit, ascending=False, consistent=True)
        return [_logged(values) for values in found]

    async def matching(
        self, instance: str, after: int, through: int, types: Sequence[str], limit: int
    ) -> tuple[list[str], int]:
        """The JSON bodies of up to `limit` events of these types (none: of all) that follow `after`, up to and with
        `through`, in order; and up to which sequence was looked: 2,000 events at most."""
        where = Condition(
            "#i = :i AND #s BETWEEN :a AND :b",
            {"i": "instance", "s": "sequence"},
            {"i": instance, "a": after + 1, "b": through},
        )
        found, last = await sift(self._db, TABLE, where, one_of(type=types), key=("instance", "sequence"), most=limit)
        return [values["body"] for values in found], last["sequence"] if last else through

    async def get(self, instance: str, sequence: int) -> str | None:
        """The JSON body of one event."""
        values = await self._db.get(TABLE, {"instance": instance, "sequence": sequence})
        return values.get("body") if values else None

    async def get_many(self, tenant: str, wanted: Sequence[tuple[str, int]]) -> dict[tuple[str, int], str]:
        """The JSON bodies of those that there are, by (instance's id, sequence), 100 in a call."""
        keys = [{"instance": str(InstanceKey(tenant, one)), "sequence": sequence} for one, sequence in wanted]
        found = await self._db.get_many(TABLE, keys)
        return {(InstanceKey.parse(one["instance"]).id, one["sequence"]): one["body"] for one in found}

    async def mark(self, instance: str) -> Mark:
        """Up to where the log goes, expired or not; one of only zeros when it has not begun."""
        mark = await self._db.get(TABLE, {"instance": instance, "sequence": MARK})
        if mark:
            return _mark(mark)
        where = Condition("#i = :i", {"i": "instance"}, {"i": instance})
        found, _ = await self._db.query(TABLE, where, limit=1, ascending=False, consistent=True)
        return Mark(int(found[0]["sequence"])) if found else Mark()

    async def marks(self, instances: Sequence[str]) -> dict[str, Mark]:
        """The marks of those instances that have one, 100 in a call."""
        return await self._marks(instances)

    async def counts(self, instances: Sequence[str]) -> dict[str, Mark]:
        """`marks` without their `last`, which is less work."""
        return await self._marks(instances, _COUNT_FIELDS)

    async def _marks(self, instances: Sequence[str], fields: Sequence[str] = ()) -> dict[str, Mark]:
        keys = [{"instance": instance, "sequence": MARK} for instance in instances]
        found = await self._db.get_many(TABLE, keys, consistent=True, fields=fields)
        return {values["instance"]: _mark(values) for values in found}

    async def journal(
        self, instance: str, limit: int, before: str | None = None
    ) -> tuple[list[JournalEntry], str | None]:
        """The changes of an instance's connection, newest first, and the mark to continue before."""
        where = Condition("#i = :i", {"i": "instance"}, {"i": instance})
        start = {"instance": instance, "at": before} if before else None
        found, last = await self._db.query(JOURNAL, where, limit=limit, ascending=False, start=start, consistent=True)
        entries = [
            JournalEntry(v["at"].partition("#")[0], InstanceState(v["state"]), v.get("code"), v.get("detail"))
            for v in found
        ]
        return entries, last["at"] if last else None


def event_put(key: InstanceKey, event: Event, now: float) -> Put:
    """The write that logs an event; refused when its sequence is taken."""
    values = {"instance": str(key), "sequence": event.sequence, "body": event.body(), "type": event.type}
    kept = {"traceparent": event.traceparent, "expires_at": int(now + KEPT_S)}
    return Put(TABLE, values | kept, absent("sequence"))


def mark_put(key: InstanceKey, mark: Mark) -> Put:
    """The write that keeps the mark; part of every transaction that logs events of the instance."""
    return Put(TABLE, {"instance": str(key), "sequence": MARK} | asdict(mark))


def journal_put(key: InstanceKey, entry: JournalEntry, sequence: int, now: float) -> Put:
    """The write that journals a change; `sequence` (of its event) keeps entries of one millisecond apart."""
    values = asdict(entry) | {"instance": str(key), "at": f"{entry.at}#{sequence:012d}"}
    return Put(JOURNAL, values | {"expires_at": int(now + KEPT_S)})


def sequence_of(body: str) -> int:
    """The sequence of an event's JSON body."""
    return int(json.loads(body)["sequence"])


def parse_body(body: str) -> Event:
    """The event of its JSON body."""
    raw: dict[str, Any] = json.loads(body)
    return Event(raw["id"], EventType(raw["type"]), raw["timestamp"], raw["data"], raw["instance"], raw["sequence"])


def _logged(values: dict[str, Any]) -> Logged:
    return Logged(values["body"], values.get("traceparent"), int(values["sequence"]))


def _mark(values: dict[str, Any]) -> Mark:
    return Mark(**{name: values[name] for name in Mark.__dataclass_fields__ if name in values})
