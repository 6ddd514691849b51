"""What is next in each chain of an endpoint (models/chain.py), whatever the chain waits for.

A task for it is a nudge (ordered/): who takes the chain finds out by its record what is to be done. So it comes on too
where the one that holds it back was delivered by a replay, or happened long before the endpoint began to fail. Of an
endpoint that has events in order no longer a nudge disperses what waits.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from functions.webhook_sender.catch_up.page import SIZE, Page
from functions.webhook_sender.catch_up.worker import MOST_EARLY
from functions.webhook_sender.event_bodies import Log, Range
from functions.webhook_sender.incoming import work_of
from functions.webhook_sender.lane import Lane
from shared.models.catch_up import CatchUp
from shared.models.chain import Chain
from shared.models.webhook import DeliveryState, Ordering, Webhook, delivery_id
from shared.queues.deliveries import DeliveryTask


class ChainPages(Protocol):
    """Where chains are read. Everything raises StoreError."""

    async def page(
        self, tenant: str, webhook_id: str, limit: int, now: float, start: str | None = None
    ) -> tuple[list[Chain], str | None]:
        """A page by instance, and the one to continue from."""

    async def get(self, tenant: str, webhook_id: str, instance: str, now: float) -> Chain | None:
        """A chain, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHeads:
    """Of all chains of an endpoint that have an event behind their cursor."""

    chains: ChainPages
    deliveries: Range
    log: Log

    async def page(self, job: CatchUp, webhook: Webhook, now: float) -> Page:
        """What follows the job's cursor, by instance. Raises StoreError."""
        found, last = await self.chains.page(job.tenant, job.webhook_id, SIZE, now, job.cursor)
        behind = [one for one in found if _may_be_behind(one, webhook)]
        bodies = await self.log.get_many(job.tenant, [_next(one) for one in behind])
        heads = [(one, bodies[_next(one)]) for one in behind if _next(one) in bodies]
        tasks = await asyncio.gather(*(self._task(one, body, job, now) for one, body in heads))
        put = [(task, one) for task, (one, _) in zip(tasks, heads, strict=True) if task]
        if not put:
            return Page([], last)
        awaited = put[-1][1]
        return Page([task for task, _ in put], last, awaited.instance, _seen(awaited))

    async def seen(self, job: CatchUp) -> str | None:
        """How far the chain has come that is awaited. Raises StoreError."""
        found = await self.chains.get(job.tenant, job.webhook_id, job.awaited or "", job.put_at)
        return _seen(found) if found else None

    async def _task(self, chain: Chain, body: str, job: CatchUp, now: float) -> DeliveryTask | None:
        """None where it is to wait on, or is no event."""
        task = _freeing(chain, body, now)
        try:
            event_id = work_of(task, receives=1, sent_at=now, lane=Lane.FAST).event_id
        except ValueError:  # whoever comes with the next event passes it over
            return None
        if chain.waits_until <= now:
            return task
        earlier = await self.deliveries.get(job.tenant, job.webhook_id, delivery_id(event_id, job.webhook_id))
        often = earlier and earlier.state is DeliveryState.RETRYING and earlier.early >= MOST_EARLY
        return None if often else task


def _freeing(chain: Chain, body: str, now: float) -> DeliveryTask:
    """The task that has a chain go on with what is next in it, `body`, though it waits. Harmless where it goes on by
    itself meanwhile."""
    return DeliveryTask(
        chain.tenant,
        body,
        chain.webhook_id,
        not_before=round(now, 3),
        chained=True,
        instead_of=chain.waits_until,
    )


def _may_be_behind(chain: Chain, webhook: Webhook) -> bool:
    """One of an earlier endpoint by the same id is none. Without order only what was left in a chain is its own."""
    return chain.is_of(webhook.created_at) and (webhook.ordering is Ordering.INSTANCE or chain.unsettled)


def _next(chain: Chain) -> tuple[str, int]:
    return chain.instance, chain.cursor + 1


def _seen(chain: Chain) -> str:
    return f"{chain.cursor} {chain.waits_until} {chain.behind}"
