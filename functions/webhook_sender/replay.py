"""A replay of a range: page by page, each page's deliveries put on the queue once more.

    was the page before attempted? -> read a page -> put its deliveries -> note how far it came
        -> put the replay for its next page -> (delete message)

The message is deleted last, so wherever the process dies, the page comes again:

| died                      | the page comes again and                                                             |
|---------------------------|--------------------------------------------------------------------------------------|
| before all were put       | puts all: an attempt since the replay was asked for settles the second of a delivery |
| put, not noted            | the same                                                                             |
| noted, next page not put  | puts all and goes on: what comes again may be noted again                            |
| next page put             | puts all, and ends there once the other has come further                             |

What was attempted since the replay was asked for is not attempted for its sake again (`asked_at`, see standing), so a
page that comes twice makes no second delivery. A page a second leaves room for what happens meanwhile.

A page follows only once the last delivery of the one before was attempted: an endpoint that is slow, paused or away has
a page of it waiting, not all. Until then the replay is put off, longer each time; after a day it is stopped, and so it
is when the endpoint is disabled meanwhile.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Protocol

from functions.webhook_sender.logged import Log, bodies_of
from functions.webhook_sender.ports import Endpoints, Tasks
from shared.clock import Clock, iso, parse_iso
from shared.models.replay import Replay, ReplayState
from shared.models.webhook import Delivery
from shared.queues.deliveries import DeliveryTask
from shared.store.database import ConditionFailed
from shared.store.deliveries import Sought
from shared.store.webhook_journal import EndpointChange

log = logging.getLogger(__name__)

PAGE = 100
PAUSE_S = 1
LONGEST_PAUSE_S = 60
PATIENCE_S = 86_400  # as long as a delivery waits for its turn


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

    async def get(self, tenant: str, webhook_id: str, delivery_id: str) -> Delivery | None:
        """A delivery, or None. Raises StoreError."""


class Progress(Protocol):
    """Where it is noted how far replays have come."""

    async def save(self, replay: Replay, now: float, *, again: bool = False) -> None:
        """Stores it. Raises StoreError, ConditionFailed when it had come further."""


class Journal(Protocol):
    """Where an endpoint's owner reads what was done."""

    async def note(self, tenant: str, webhook_id: str, code: EndpointChange, at: float, detail: str | None) -> None:
        """Writes an entry. Raises StoreError."""


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
        now = self.clock.unix()
        if replay.is_over(now):  # its owner was told so
            log.warning("replay %s of %s for %s came too late", replay.id, replay.webhook_id, replay.tenant)
        elif why := await self._obstacle(replay, now):
            await self._end(replay, ReplayState.STOPPED, receives, why)
        elif await self._is_awaited(replay):
            await self._put_off(replay, now)
        else:
            await self._work_on_page(replay, receives)

    async def _work_on_page(self, replay: Replay, receives: int) -> None:
        found, last = await self._page(replay)
        bodies = await bodies_of(found, replay.tenant, self.log)
        asked_at, put = parse_iso(replay.asked_at), [one for one in found if one.id in bodies]
        await self.tasks.put([_task(one, bodies[one.id], asked_at) for one in put])
        at = self.clock.unix()
        now = replace(
            replay.renewed(at),
            state=ReplayState.RUNNING,
            cursor=last,
            replayed=replay.replayed + len(put),
            expired=replay.expired + len(found) - len(put),
            put_at=iso(at),
            awaited=put[-1].id if put else None,
        )
        if last is None:
            await self._end(now, ReplayState.DONE, receives)
        elif await self._note(now, again=receives > 1):
            await self.pages.put(now, PAUSE_S)

    async def _obstacle(self, replay: Replay, now: float) -> str | None:
        """Why there is no going on."""
        webhooks = await self.endpoints.of_tenant(replay.tenant)
        webhook = next((one for one in webhooks if one.id == replay.webhook_id), None)
        if webhook is None:
            return "the endpoint was deleted"
        if not webhook.active:
            return "the endpoint is disabled"
        if _waited_s(replay, now) >= PATIENCE_S and await self._is_awaited(replay):
            return "the endpoint has taken nothing for a day"
        return None

    async def _is_awaited(self, replay: Replay) -> bool:
        """Whether the page before is still to be attempted, as far as its last delivery tells."""
        if replay.awaited is None:
            return False
        last = await self.deliveries.get(replay.tenant, replay.webhook_id, replay.awaited)
        if last is None:  # it is no longer kept
            return False
        return not last.attempts or parse_iso(last.attempts[-1].at) < parse_iso(replay.asked_at)

    async def _put_off(self, replay: Replay, now: float) -> None:
        pause_s = min(max(PAUSE_S, int(_waited_s(replay, now) / 2)), LONGEST_PAUSE_S)
        renewed = replay.renewed(now)
        if await self._note(renewed, again=True):
            await self.pages.put(renewed, pause_s)

    async def _page(self, replay: Replay) -> tuple[list[Delivery], str | None]:
        sought = Sought(parse_iso(replay.since), parse_iso(replay.until), replay.states)
        return await self.deliveries.page(
            replay.tenant, replay.webhook_id, PAGE, replay.cursor, sought=sought, ascending=True
        )

    async def _end(self, replay: Replay, state: ReplayState, receives: int, why: str | None = None) -> None:
        at = self.clock.unix()
        ended = replace(replay, state=state, finished_at=iso(at))
        if await self._note(ended, again=receives > 1):
            counts = f"{replay.id}: {replay.replayed} replayed, {replay.expired} expired"
            detail = f"{counts}; stopped: {why}" if why else counts
            await self.journal.note(replay.tenant, replay.webhook_id, EndpointChange.REPLAY_FINISHED, at, detail)
            log.info("replay of %s for %s %s: %s", replay.webhook_id, replay.tenant, state, detail)

    async def _note(self, replay: Replay, *, again: bool) -> bool:
        """Whether this is the message that goes on; another may have come further."""
        try:
            await self.progress.save(replay, self.clock.unix(), again=again)
        except ConditionFailed:
            return False
        return True


def _waited_s(replay: Replay, now: float) -> float:
    return now - parse_iso(replay.put_at) if replay.put_at else 0.0


def _task(delivery: Delivery, body: str, asked_at: float) -> DeliveryTask:
    bare = DeliveryTask(delivery.tenant, body, delivery.webhook_id, forced=True, asked_at=asked_at)
    return replace(bare, traceparent=delivery.traceparent)
