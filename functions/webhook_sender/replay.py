"""A replay of a range: page by page, each page's deliveries put on the queue once more.

    was the page before the last attempted? -> read a page -> note how far it goes -> put its deliveries
        -> put the replay for its next page -> (delete message)

The message is deleted last, so wherever the process dies, the page comes again:

| died                      | the page comes again and                                                             |
|---------------------------|--------------------------------------------------------------------------------------|
| before it was noted       | begins anew                                                                          |
| noted, not all put        | puts what is in it still, as far as was noted, and counts nothing once more: what is |
|                           | no longer in one of the states that were asked for was put, and attempted            |
| all put                   | the same: an attempt since the replay was asked for settles the second of a delivery |
| next page put             | the same; of the two next pages that there are then one is noted, the other ends     |

Its owner may stop it at any moment: it is ended in the store (store/replays.py), which the next page that is to be
noted finds out. What of a page was on its way by then is put still, and nothing after it.

What was attempted since the replay was asked for is not attempted for its sake again (`asked_at`, see triage), so a
page that comes twice makes no second delivery. A page a second leaves room for what happens meanwhile.

A page follows only once the last delivery of the one before the last was attempted: an endpoint that is slow, paused or
away has two pages of it waiting, not all. Were it one, nothing would be done from its last attempt to the next look,
which is most of the time. Until then the replay is put off, longer each time; after a day it is stopped, and so it is
when the endpoint is disabled meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from functions.webhook_sender.event_bodies import Log, Range, bodies_of
from functions.webhook_sender.paging import PAUSE_S, pause_s
from functions.webhook_sender.ports import Endpoints, Tasks
from shared.clock import Clock, iso, parse_iso
from shared.models.replay import Replay, ReplayState
from shared.models.stop_reason import StopReason
from shared.models.webhook import Delivery
from shared.queues.deliveries import DeliveryTask
from shared.store.database import ConditionFailed
from shared.store.deliveries import DeliveryFilter

log = logging.getLogger(__name__)

PAGE = 100
PATIENCE_S = 86_400  # as long as a delivery waits for its turn


class Progress(Protocol):
    """Where it is noted how far replays have come."""

    async def get(self, tenant: str, webhook_id: str, replay_id: str) -> Replay | None:
        """A replay as it was stored last. Raises StoreError."""

    async def save(self, replay: Replay, now: float, *, again: bool = False) -> None:
        """Stores it. Raises StoreError, ConditionFailed when it had come further."""

    async def end(
        self,
        tenant: str,
        webhook_id: str,
        replay_id: str,
        state: ReplayState,
        now: float,
        reason: StopReason | None = None,
    ) -> Replay | None:
        """Ends a replay where it stands and tells its owner, unless it has ended before; None: there is none. Raises
        StoreError."""


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
            await self._end(replay, ReplayState.STOPPED, why)
        elif await self._is_awaited(replay):
            await self._put_off(replay, now)
        else:
            await self._work_on_page(replay, receives)

    async def _work_on_page(self, replay: Replay, receives: int) -> None:
        noted = await self._noted_before(replay) if receives > 1 else None
        if noted is None:
            found, last = await self._page(replay)
            if not found and last is None:
                await self._end(replay, ReplayState.DONE)
                return
            bodies = await bodies_of(found, replay.tenant, self.log)
            noted = _come_to(replay, found, last, bodies, self.clock.unix())
            if not await self._note(noted, again=False):
                return
        else:
            found = await self._rest(replay, noted.cursor or "")
            bodies = await bodies_of(found, replay.tenant, self.log)
        asked_at = parse_iso(replay.asked_at)
        await self.tasks.put([_task(one, bodies[one.id], asked_at) for one in found if one.id in bodies])
        if noted.swept or noted.finished_at:
            await self._end(noted, ReplayState.DONE)
        else:
            await self.pages.put(noted, PAUSE_S)

    async def _noted_before(self, replay: Replay) -> Replay | None:
        """The replay after this page, where it was noted already and no other has come further."""
        stored = await self.progress.get(replay.tenant, replay.webhook_id, replay.id)
        if stored is None or stored.cursor == replay.cursor:
            return None
        return stored if stored.came_from == replay.cursor else None

    async def _rest(self, replay: Replay, through: str) -> list[Delivery]:
        """What is in a page now that went so far."""
        found, last = await self._page(replay)
        while last is not None and last < through:
            more, last = await self._page(replace(replay, cursor=last))
            found = found + more
        return [one for one in found if one.id <= through]

    async def _obstacle(self, replay: Replay, now: float) -> StopReason | None:
        """Why there is no going on."""
        webhook = await self.endpoints.get(replay.tenant, replay.webhook_id)
        if webhook is None:
            return StopReason.DELETED
        if not webhook.active:
            return StopReason.DISABLED
        if _waited_s(replay, now) >= PATIENCE_S and await self._is_awaited(replay):
            return StopReason.NO_ATTEMPT
        return None

    async def _is_awaited(self, replay: Replay) -> bool:
        """Whether the page before the last is still to be attempted, as far as its last delivery tells."""
        if replay.awaited is None:
            return False
        last = await self.deliveries.get(replay.tenant, replay.webhook_id, replay.awaited)
        if last is None:  # it is no longer kept
            return False
        return not last.attempts or parse_iso(last.attempts[-1].at) < parse_iso(replay.asked_at)

    async def _put_off(self, replay: Replay, now: float) -> None:
        renewed = replay.renewed(now)
        if await self._note(renewed, again=True):
            await self.pages.put(renewed, pause_s(_waited_s(replay, now)))

    async def _page(self, replay: Replay) -> tuple[list[Delivery], str | None]:
        sought = DeliveryFilter(parse_iso(replay.since), parse_iso(replay.until), replay.states)
        return await self.deliveries.page(
            replay.tenant, replay.webhook_id, PAGE, replay.cursor, sought=sought, ascending=True
        )

    async def _end(self, replay: Replay, state: ReplayState, why: StopReason | None = None) -> None:
        tenant, webhook_id = replay.tenant, replay.webhook_id
        if ended := await self.progress.end(tenant, webhook_id, replay.id, state, self.clock.unix(), why):
            log.info("replay of %s for %s %s: %s", webhook_id, tenant, ended.state, ended.told())

    async def _note(self, replay: Replay, *, again: bool) -> bool:
        """Whether this is the message that goes on; another may have come further."""
        try:
            await self.progress.save(replay, self.clock.unix(), again=again)
        except ConditionFailed:
            return False
        return True


def _come_to(replay: Replay, found: Sequence[Delivery], last: str | None, bodies: Collection[str], at: float) -> Replay:
    """The replay after a page."""
    put = [one.id for one in found if one.id in bodies]
    return replace(
        replay.renewed(at),
        state=ReplayState.RUNNING,
        cursor=last or found[-1].id,
        came_from=replay.cursor,
        swept=last is None,
        replayed=replay.replayed + len(put),
        expired=replay.expired + len(found) - len(put),
        put_at=iso(at),
        last_put=put[-1] if put else None,
        awaited=replay.last_put,
    )


def _waited_s(replay: Replay, now: float) -> float:
    return now - parse_iso(replay.put_at) if replay.put_at else 0.0


def _task(delivery: Delivery, body: str, asked_at: float) -> DeliveryTask:
    bare = DeliveryTask(delivery.tenant, body, delivery.webhook_id, forced=True, asked_at=asked_at)
    return replace(bare, traceparent=delivery.traceparent)
