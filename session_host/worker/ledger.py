"""The owner's only pen: everything a worker writes about its instances goes through here, in order.

Entries are committed in groups: while one transaction is under way the next one gathers, and no two begin within
PACE_S, so a busy worker needs few calls and an idle one waits for nobody. Every transaction carries

    the fence     refused once another host took the partition: then all writing stops (Fenced)
    the entries   events with their sequence, and the states that changed with them
    the marks     of each instance with an event the last sequence and the counts, for they outlive the log
    the outbox    which events may not be on the delivery queue yet, so that a successor can put them there

Errors of `record`:

    Fenced          this worker no longer owns the partition, or ends; it must not go on
    Outdated        a condition of the entry did not hold (it went further already, or is a duplicate)
    `-- Unstorable  the entry cannot be stored, not even alone (too large, malformed, not to be encoded); it is given up

Nothing of the entry was recorded after Outdated; after Fenced that is unknown.

A call without an answer is repeated under the same token, which DynamoDB carries out once, but remembers for ten
minutes only. After TOKEN_S the next call takes a fresh token, and may find its own writes there. It knows them by the
event's id: a sequence that is taken by the very event was written by us. (Writes without an event are then refused by
their own conditions; whoever asked for them takes that for Outdated, which is safe for all of them: at worst a message
that was only marked is called uncertain.) A sequence that is taken by another event was given by another partition's
owner, whose instance has the same name: then the events are numbered anew.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from uuid import uuid4

from session_host.worker.entry import Entry
from session_host.worker.gathering import Waiting, take_group
from session_host.worker.numbering import Numbering
from session_host.worker.outbox import Outbox
from session_host.worker.patience import until_available
from shared.clock import Clock
from shared.logs import bind
from shared.models.event import Event
from shared.models.host import Lease
from shared.models.instance import InstanceKey
from shared.models.mark import Mark
from shared.store.database import Database, StoreError, StoreUnavailable, TransactionRefused, Write
from shared.store.events import Events, event_put, journal_put, mark_put, parse_body
from shared.store.partitions import fence_check
from shared.tracing import PASS_ON, Kind, Tracer, current

logger = logging.getLogger(__name__)

PACE_S = 0.04  # an entry of a busy worker waits for half of it on average, which its call to the store saves
WORTH_ONE = 25  # entries that need not wait for others
TOKEN_S = 420.0  # of DynamoDB's 10 minutes; a last call may take 2 more


class Fenced(Exception):
    """Another host owns the partition now."""


class Outdated(Exception):
    """What the entry builds on is not the case any more."""


class Unstorable(Outdated):
    """The store does not take the entry and never will."""


class Ledger:
    """The writes of one partition's owner. `run` must be running for `record` to return."""

    def __init__(
        self, database: Database, lease: Lease, clock: Clock, outbox: Outbox, tracer: Tracer = PASS_ON
    ) -> None:
        self._db = database
        self._events = Events(database)
        self._lease = lease
        self._clock = clock
        self._outbox = outbox
        self._tracer = tracer
        self._began = -math.inf  # the last transaction, by the loop's time
        self._waiting: deque[Waiting] = deque()
        self._numbering = Numbering(self._events)
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.fenced = asyncio.Event()

    async def record(self, entry: Entry) -> None:
        """Returns once the entry is stored. Raises Outdated, Unstorable or Fenced.

        Its event goes on with the trace of what it came of; one that nobody asked for begins one.
        """
        if self.fenced.is_set():
            raise Fenced
        with self._traced(entry):
            waiting = Waiting(entry, asyncio.get_running_loop().create_future(), current())
            self._waiting.append(waiting)
            self._idle.clear()
            self._wake.set()
            await waiting.done

    def _traced(self, entry: Entry) -> AbstractContextManager[object]:
        if entry.event is None or current() is not None:
            return nullcontext()
        about = {
            "hivewp.tenant": entry.key.tenant,
            "hivewp.instance": entry.key.id,
            "hivewp.event.type": str(entry.event.type),
        }
        return self._tracer.span("log event", Kind.INTERNAL, attributes=about)

    async def flushed(self) -> None:
        """Returns once nothing waits to be written."""
        await self._idle.wait()

    async def close(self) -> None:
        """At the end, with the outbox flushed: leaves nothing for a successor to look for. Raises Fenced."""
        if await self._transact([fence_check(self._lease), self._outbox.put_with(())]):
            raise Fenced

    async def read_ahead(self, keys: Sequence[InstanceKey]) -> None:
        """Reads what the first events of these instances need, many at once; else each is read when it is needed."""
        await self._numbering.read_ahead(keys)

    def forget(self, key: InstanceKey) -> None:
        """Drops what is remembered of an instance that is gone."""
        self._numbering.forget(key)

    async def run(self) -> None:
        """Commits until cancelled, or until fenced."""
        try:
            while not self.fenced.is_set():
                await self._wake.wait()
                self._wake.clear()
                while self._waiting and not self.fenced.is_set():
                    await self._gather()
                    await self._commit(take_group(self._waiting))
                self._idle.set()
        finally:
            self.fenced.set()
            self._give_up()

    async def _gather(self) -> None:
        loop = asyncio.get_running_loop()
        pause = self._began + PACE_S - loop.time()
        if pause > 0 and len(self._waiting) < WORTH_ONE:
            await asyncio.sleep(pause)
        self._began = loop.time()

    async def _commit(self, group: list[Waiting]) -> None:
        try:
            await self._settle(group)
        finally:
            for waiting in group:  # those that are left when this ends in the middle
                waiting.fail(Fenced())

    async def _settle(self, group: list[Waiting]) -> None:
        """Stores the group without the entries that are refused; all of it, or one by one if it is not taken so."""
        while group:
            try:
                refused = await self._write(group, *await self._numbering.numbered(group))
            except (StoreError, TypeError, ValueError) as error:  # the latter: what cannot be encoded
                if len(group) == 1:
                    _reject(group[0], error)
                    return
                for waiting in group:
                    await self._settle([waiting])
                return
            if refused is None:
                continue
            if not refused:
                return
            for position in refused:
                group[position].fail(Outdated(str(group[position].entry.key)))
            group = [waiting for at, waiting in enumerate(group) if at not in refused]

    async def _write(
        self, group: Sequence[Waiting], events: Sequence[Event | None], marks: dict[InstanceKey, Mark]
    ) -> set[int] | None:
        """Writes the group; gives back the positions of the entries that were refused, then nothing was written.

        None when the events must be numbered anew.
        """
        pairs = [(w.entry, event) for w, event in zip(group, events, strict=True)]
        fresh = [(entry.key, event) for entry, event in pairs if event]
        writes = self._common_writes(fresh, marks)
        owners: list[int] = [-1] * len(writes)
        logged: dict[int, tuple[InstanceKey, Event]] = {}
        for position, (entry, event) in enumerate(pairs):
            if event:
                logged[len(writes) + len(entry.writes)] = (entry.key, event)
            writes += self._writes_of(entry, event)
            owners += [position] * (len(writes) - len(owners))
        refused = await self._transact(writes)
        if 0 in refused:
            logger.warning("partition %d: another host took over", self._lease.partition)
            raise Fenced
        taken = [logged[at] for at in refused if at in logged]
        if taken and not await self._is_logged(*taken[0]):
            for key, _ in taken:
                self.forget(key)
            return None
        if taken or not refused:
            self._written(group, fresh, marks)
            return set()
        return {owners[at] for at in refused}

    def _common_writes(self, fresh: Sequence[tuple[InstanceKey, Event]], marks: dict[InstanceKey, Mark]) -> list[Write]:
        writes: list[Write] = [fence_check(self._lease)]
        if fresh:
            writes.append(self._outbox.put_with(fresh))
            writes += [mark_put(key, mark) for key, mark in marks.items()]
        return writes

    def _writes_of(self, entry: Entry, event: Event | None) -> list[Write]:
        """The entry's own writes, then the one that logs its event, then the journal's."""
        now = self._clock.unix()
        writes: list[Write] = [*entry.writes]
        if event:
            writes.append(event_put(entry.key, event, now))
        if entry.journal:
            writes.append(journal_put(entry.key, entry.journal, event.sequence or 0 if event else 0, now))
        return writes

    async def _is_logged(self, key: InstanceKey, event: Event) -> bool:
        body = await until_available(partial(self._events.get, str(key), event.sequence or 0))
        return body is not None and parse_body(body).id == event.id

    async def _transact(self, writes: list[Write]) -> tuple[int, ...]:
        """The positions that were refused. An unknown outcome is asked again, under the same token while that helps."""
        while True:
            try:
                return await until_available(partial(self._transact_once, writes, str(uuid4())), within_s=TOKEN_S)
            except StoreUnavailable:
                logger.error("partition %d: a write is unknown for too long", self._lease.partition)

    async def _transact_once(self, writes: list[Write], token: str) -> tuple[int, ...]:
        try:
            await self._db.transact(writes, token)
        except TransactionRefused as refusal:
            if not refusal.refused:
                raise StoreUnavailable(str(refusal)) from refusal
            return refusal.refused
        return ()

    def _written(
        self, group: Sequence[Waiting], fresh: list[tuple[InstanceKey, Event]], marks: dict[InstanceKey, Mark]
    ) -> None:
        self._numbering.keep(marks)
        self._outbox.add(fresh)
        for waiting in group:
            waiting.succeed()

    def _give_up(self) -> None:
        while self._waiting:
            self._waiting.popleft().fail(Fenced())
        self._idle.set()


def _reject(waiting: Waiting, error: Exception) -> None:
    entry = waiting.entry
    why = error if isinstance(error, StoreError) else type(error).__name__  # others may quote what they choke on
    with bind(tenant=entry.key.tenant, instance=entry.key.id):
        logger.error("%s: the store does not take %s: %s", entry.key, entry.event.type if entry.event else "it", why)
    waiting.fail(Unstorable(str(entry.key)))
