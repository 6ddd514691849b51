"""A page of a catch-up: retries of an endpoint that has recovered are put on the queue to be made now.

    read the row -> read a page -> put its retries -> put the catch-up for its next page -> (delete message)

All of it may happen twice: a retry that was brought forward twice is made once (claim.py). After the last page it looks
once more in SETTLED_S whether the endpoint still does well, and only then says on the row that nothing waits any more:
should it fail meanwhile, the next recovery brings forward what was put back too.

It ends when the endpoint fails again, is disabled or deleted, or another catch-up has begun; it waits in a pause. A
page a second leaves room for what happens meanwhile, and the endpoint's window (window.py) grows from small.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from functions.webhook_sender.care import HealthStore
from functions.webhook_sender.health import caught_up
from functions.webhook_sender.logged import Log, bodies_of
from functions.webhook_sender.ports import Endpoints, Tasks
from functions.webhook_sender.replay import Range
from shared.clock import Clock, parse_iso
from shared.models.webhook import Delivery, DeliveryState, Ordering, Webhook
from shared.queues.catch_ups import CatchUp
from shared.queues.deliveries import DeliveryTask
from shared.queues.queue import MAX_DELAY_S
from shared.store.deliveries import Sought

PAGE = 100
PAUSE_S = 1
SETTLED_S = 30
NEAR_S = 10.0
"""What is due so soon is not brought forward."""
MOST_EARLY = 3
"""So often is a delivery brought forward between two attempts of its schedule."""


class Pages(Protocol):
    """Where a catch-up waits for its next page."""

    async def put(self, job: CatchUp, delay_s: int = 0) -> None:
        """Puts it on the queue. Raises QueueError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catcher:
    """Works on catch-ups with what it is given."""

    endpoints: Endpoints
    health: HealthStore
    deliveries: Range
    log: Log
    tasks: Tasks
    pages: Pages
    clock: Clock

    async def work_on(self, job: CatchUp) -> None:
        """Brings a page forward and has the next one follow. Raises StoreError and QueueError: our own faults."""
        webhook = await self._endpoint(job)
        if webhook is None:
            return
        now = self.clock.unix()
        if webhook.health.paused_at(now):
            left_s = math.ceil((webhook.health.paused_until or now) - now)
            await self.pages.put(job, min(left_s, MAX_DELAY_S))
        elif job.swept:
            done = caught_up(job.at)
            await self.health.change(job.tenant, job.webhook_id, done.sets, done.seen)
        else:
            await self._bring(job, now, chained=webhook.ordering is Ordering.INSTANCE)

    async def _endpoint(self, job: CatchUp) -> Webhook | None:
        """The endpoint, while this is its catch-up."""
        for one in await self.endpoints.of_tenant(job.tenant):
            if one.id == job.webhook_id:
                health = one.health
                is_on = one.active and health.failing_since is None and health.behind_since is not None
                return one if is_on and health.catch_up_at == job.at else None
        return None

    async def _bring(self, job: CatchUp, now: float, *, chained: bool) -> None:
        sought = Sought(job.since, job.at, (DeliveryState.RETRYING,))
        found, last = await self.deliveries.page(
            job.tenant, job.webhook_id, PAGE, job.cursor, sought=sought, ascending=True
        )
        waiting = [one for one in found if _waits(one, now)]
        await self.tasks.put(await self._brought_forward(waiting, job.tenant, now, chained=chained))
        following = replace(job, cursor=last, swept=last is None)
        await self.pages.put(following, SETTLED_S if following.swept else PAUSE_S)

    async def _brought_forward(
        self, waiting: Sequence[Delivery], tenant: str, now: float, *, chained: bool
    ) -> list[DeliveryTask]:
        bodies = await bodies_of(waiting, tenant, self.log)
        return [_task(one, bodies[one.id], now, chained=chained) for one in waiting if one.id in bodies]


def _waits(delivery: Delivery, now: float) -> bool:
    """Whether it is worth bringing forward. What is due is on its way already, maybe on the slow lane."""
    due = parse_iso(delivery.next_attempt_at) if delivery.next_attempt_at else 0.0
    return due - now > NEAR_S and delivery.early < MOST_EARLY


def _task(delivery: Delivery, body: str, now: float, *, chained: bool) -> DeliveryTask:
    return DeliveryTask(
        delivery.tenant,
        body,
        delivery.webhook_id,
        attempt=delivery.round,
        not_before=round(now, 3),
        instead_of=parse_iso(delivery.next_attempt_at or ""),
        chained=chained,
        traceparent=delivery.traceparent,
    )
