"""A page of a catch-up: what waits for an endpoint that does well again is put on the queue to be tried now.

    read the row, and take it from the page before -> was that one attempted? -> read a page -> put its tasks
        -> put the catch-up for its next page -> (delete message)

| died                     | the page comes again and                                                            |
|--------------------------|-------------------------------------------------------------------------------------|
| before the row was taken | takes it                                                                            |
| taken, not all put       | finds it taken by itself, and puts all: of twins of a task one is an attempt        |
| next page not put        | the same                                                                            |
| next page put            | the same; of the two next pages that there are then one takes the row, the other    |
|                          | ends. Once one has taken it, the page that comes again ends                         |

A page follows only once the last of the one before was attempted: an endpoint that is slow has a page of it waiting,
not all. After PATIENCE_S it follows in any case. A page a second leaves room for what happens meanwhile, and the
endpoint's window (window.py) grows from small.

It ends when the endpoint fails again, is disabled or deleted, or another catch-up has begun; it waits in a pause. After
the last page of deliveries it looks once more in SETTLED_S whether the endpoint still does well, and only then says on
the row that nothing waits any more: should it fail meanwhile, the next recovery brings forward what was put back too.
An endpoint that fails has nothing to wait for where its chains are only to be dispersed. One that is in order has its
chains brought forward alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

from functions.webhook_sender.catch_up.page import Source
from functions.webhook_sender.health_cache import HealthStore
from functions.webhook_sender.health_rules import caught_up
from functions.webhook_sender.paging import PAUSE_S, pause_s
from functions.webhook_sender.ports import Endpoints, Tasks
from shared.clock import Clock
from shared.models.catch_up import CatchUp, Part
from shared.models.webhook import Ordering, Webhook

LONGEST_WAIT_S = 240  # of a message: longer, and somebody would begin anew (RETAKEN_S)
PATIENCE_S = 900
SETTLED_S = 30
MOST_EARLY = 3
"""So often is a delivery brought forward between two attempts of its schedule."""


class Pages(Protocol):
    """Where a catch-up waits for its next page."""

    async def put(self, job: CatchUp, delay_s: int = 0) -> None:
        """Puts it on the queue. Raises QueueError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatchUpWorker:
    """Works on catch-ups with what it is given."""

    endpoints: Endpoints
    health: HealthStore
    chains: Source
    deliveries: Source
    tasks: Tasks
    pages: Pages
    clock: Clock

    async def work_on(self, job: CatchUp) -> None:
        """Brings a page forward and has the next one follow. Raises StoreError and QueueError: our own faults."""
        webhook = await self.endpoints.get(job.tenant, job.webhook_id)
        if webhook is None:
            return
        job = _without_chains(job, webhook)
        if not _is_on(job, webhook) or not await self._is_taken(job, webhook):
            return
        now = self.clock.unix()
        if webhook.health.paused_at(now):
            left_s = math.ceil((webhook.health.paused_until or now) - now)
            await self.pages.put(job.following(now), min(left_s, LONGEST_WAIT_S))
        elif await self._is_awaited(job, now):
            await self.pages.put(job.following(now), pause_s(now - job.put_at))
        elif job.part is Part.SWEPT:
            await self._end(job)
        else:
            await self._bring(job, webhook, now)

    async def _is_taken(self, job: CatchUp, webhook: Webhook) -> bool:
        """Whether this is the message that is on: it has taken the place of the one before, or does so now."""
        if webhook.health.catch_up_at == job.at:
            return True
        if webhook.health.catch_up_at != job.was:
            return False
        return await self.health.change(job.tenant, job.webhook_id, {"catch_up_at": job.at}, {"catch_up_at": job.was})

    async def _is_awaited(self, job: CatchUp, now: float) -> bool:
        """Whether the page before is still to be attempted, as far as the last of it tells."""
        if job.awaited is None or now - job.put_at >= PATIENCE_S:
            return False
        return await self._source(job).seen(job) == job.seen

    async def _bring(self, job: CatchUp, webhook: Webhook, now: float) -> None:
        page = await self._source(job).page(job, webhook, now)
        await self.tasks.put(page.tasks)
        part = _part_after(job.part) if page.last is None else job.part
        if part is Part.DELIVERIES and webhook.ordering is Ordering.INSTANCE:
            await self._end(job)
            return
        put = {"awaited": page.awaited, "seen": page.seen, "put_at": now}
        following = job.following(now, part=part, cursor=page.last, **put)
        await self.pages.put(following, SETTLED_S if part is Part.SWEPT else PAUSE_S)

    async def _end(self, job: CatchUp) -> None:
        done = caught_up(job.at)
        await self.health.change(job.tenant, job.webhook_id, done.sets, done.seen)

    def _source(self, job: CatchUp) -> Source:
        return self.chains if job.part is Part.CHAINS else self.deliveries


def _without_chains(job: CatchUp, webhook: Webhook) -> CatchUp:
    """An endpoint that never had events in order has no chains to look for."""
    never = webhook.ordering is Ordering.NONE and webhook.matched_since is None
    return replace(job, part=Part.DELIVERIES) if never and job.part is Part.CHAINS else job


def _is_on(job: CatchUp, webhook: Webhook) -> bool:
    if not webhook.active or webhook.health.behind_since is None:
        return False
    dispersing = job.part is Part.CHAINS and webhook.ordering is Ordering.NONE
    return dispersing or webhook.health.failing_since is None


def _part_after(part: Part) -> Part:
    return Part.DELIVERIES if part is Part.CHAINS else Part.SWEPT
