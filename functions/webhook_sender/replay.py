"""A replay of a range: page by page, each page's deliveries put on the queue once more.

    read a page -> put its deliveries -> note how far it came -> put the replay for its next page -> (delete message)

The message is deleted last, so wherever the process dies, the page comes again:

| died                      | the page comes again and                                                             |
|---------------------------|--------------------------------------------------------------------------------------|
| before all were put       | puts all: an attempt since the replay was asked for settles the second of a delivery |
| put, not noted            | the same                                                                             |
| noted, next page not put  | puts all and goes on: what comes again may be noted again                            |
| next page put             | puts all, and ends there once the other has come further                             |

What was attempted since the replay was asked for is not attempted for its sake again (`asked_at`, see standing), so a
page that comes twice makes no second delivery. A page a second leaves room for what happens meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from shared.clock import Clock, iso, parse_iso
from shared.models.replay import Replay, ReplayState
from shared.models.webhook import Delivery, Webhook
from shared.queues.deliveries import DeliveryTask
from shared.store.database import ConditionFailed
from shared.store.deliveries import Sought
from shared.store.webhook_journal import EndpointChange

log = logging.getLogger(__name__)

PAGE = 100
PAUSE_S = 1


class Range(Protocol):
    """Where the deliveries of a range are read."""

    async def page(
        self,
        tenant: str,
        webhook_id: str,
        limit: int,
        start: str | None = None,
        *,
        sought: Sought,
        ascending: bool,
    ) -> tuple[list[Delivery], str | None]:
        """A page and the id to continue from. Raises StoreError."""


class Log(Protocol):
    """Where events are read."""

    async def get_many(self, tenant: str, wanted: Sequence[tuple[str, int]]) -> dict[tuple[str, int], str]:
        """Bodies by instance and sequence. Raises StoreError."""


class Progress(Protocol):
    """Where it is noted how far replays have come."""

    async def save(self, replay: Replay, now: float, *, again: bool = False) -> None:
        """Stores it. Raises StoreError, ConditionFailed when it had come further."""


class Journal(Protocol):
    """Where an endpoint's owner reads what was done."""

    async def note(self, tenant: str, webhook_id: str, code: EndpointChange, at: float, detail: str | None) -> None:
        """Writes an entry. Raises StoreError."""


class Endpoints(Protocol):
    """Where endpoints are read."""

    async def of_tenant(self, tenant: str) -> list[Webhook]:
        """All endpoints of a tenant. Raises StoreError."""


class Tasks(Protocol):
    """Where deliveries are put."""

    async def put(self, tasks: Sequence[DeliveryTask], delay_s: int = 0) -> None:
        """Puts tasks on the queue. Raises QueueError."""


class Pages(Protocol):
    """Where a replay waits for its next page."""

    async def put(self, replay: Replay, delay_s: int = 0) -> None:
        """Puts it on the queue. Raises QueueError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayer:
    """Works on replays with what it is given."""

    endpoints: Endpoints
    deliveries: Range
    log: Log
    progress: Progress
    journal: Journal
    tasks: Tasks
    pages: Pages
    clock: Clock

    async def work_on(self, replay: Replay, receives: int) -> None:
        """Replays a page and has the next one follow. `receives` counts how often the message came. Raises StoreError
        and QueueError: our own faults."""
        if not await self._has_endpoint(replay):
            await self._note(self._ended(replay, ReplayState.STOPPED), receives)
            return
        found, last = await self._page(replay)
        bodies = await self._bodies(replay.tenant, found)
        asked_at = parse_iso(replay.asked_at)
        await self.tasks.put([_task(one, bodies[one.id], asked_at) for one in found if one.id in bodies])
        now = replace(
            replay,
            state=ReplayState.RUNNING,
            cursor=last,
            replayed=replay.replayed + len(bodies),
            expired=replay.expired + len(found) - len(bodies),
        )
        if last is None:
            await self._note(self._ended(now, ReplayState.DONE), receives)
        elif await self._note(now, receives):
            await self.pages.put(now, PAUSE_S)

    async def _has_endpoint(self, replay: Replay) -> bool:
        return any(one.id == replay.webhook_id for one in await self.endpoints.of_tenant(replay.tenant))

    async def _page(self, replay: Replay) -> tuple[list[Delivery], str | None]:
        sought = Sought(parse_iso(replay.since), parse_iso(replay.until), replay.states)
        return await self.deliveries.page(
            replay.tenant, replay.webhook_id, PAGE, replay.cursor, sought=sought, ascending=True
        )

    async def _bodies(self, tenant: str, found: Sequence[Delivery]) -> Mapping[str, str]:
        """What is to be delivered, by the delivery's id; without those whose event the log no longer has."""
        logged = {
            one.id: (one.instance, one.sequence)
            for one in found
            if one.body is None and one.instance is not None and one.sequence is not None
        }
        bodies = await self.log.get_many(tenant, list(dict.fromkeys(logged.values()))) if logged else {}
        kept = {one.id: one.body for one in found if one.body is not None}
        return kept | {name: bodies[place] for name, place in logged.items() if place in bodies}

    def _ended(self, replay: Replay, state: ReplayState) -> Replay:
        return replace(replay, state=state, finished_at=iso(self.clock.unix()))

    async def _note(self, replay: Replay, receives: int) -> bool:
        """Whether this is the message that goes on; another may have come further."""
        try:
            await self.progress.save(replay, self.clock.unix(), again=receives > 1)
        except ConditionFailed:
            return False
        if replay.finished_at:
            await self._tell(replay)
        return True

    async def _tell(self, replay: Replay) -> None:
        detail = f"{replay.id}: {replay.replayed} replayed, {replay.expired} expired"
        at, code = self.clock.unix(), EndpointChange.REPLAY_FINISHED
        await self.journal.note(replay.tenant, replay.webhook_id, code, at, detail)
        log.info("replay of %s for %s %s: %s", replay.webhook_id, replay.tenant, replay.state, detail)


def _task(delivery: Delivery, body: str, asked_at: float) -> DeliveryTask:
    bare = DeliveryTask(delivery.tenant, body, delivery.webhook_id, forced=True, asked_at=asked_at)
    return replace(bare, traceparent=delivery.traceparent)
