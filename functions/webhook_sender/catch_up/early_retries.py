"""Deliveries that are to be tried again later. What is due within NEAR_S comes by itself."""

from __future__ import annotations

from dataclasses import dataclass

from functions.webhook_sender.catch_up.page import SIZE, Page
from functions.webhook_sender.catch_up.worker import MOST_EARLY
from functions.webhook_sender.event_bodies import Log, Range, bodies_of
from shared.clock import parse_iso
from shared.models.catch_up import CatchUp
from shared.models.webhook import Delivery, DeliveryState, Webhook
from shared.queues.deliveries import DeliveryTask
from shared.store.deliveries import DeliveryFilter

NEAR_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyRetries:
    """Those of events since the endpoint may be behind."""

    deliveries: Range
    log: Log

    async def page(self, job: CatchUp, webhook: Webhook, now: float) -> Page:
        """What follows the job's cursor, oldest first. Raises StoreError."""
        sought = DeliveryFilter(webhook.health.behind_since, job.until, (DeliveryState.RETRYING,))
        found, last = await self.deliveries.page(
            job.tenant, job.webhook_id, SIZE, job.cursor, sought=sought, ascending=True
        )
        waiting = [one for one in found if _waits(one, now)]
        bodies = await bodies_of(waiting, job.tenant, self.log)
        put = [one for one in waiting if one.id in bodies]
        tasks = [_task(one, bodies[one.id], now) for one in put]
        return Page(tasks, last, put[-1].id, _seen(put[-1])) if put else Page(tasks, last)

    async def seen(self, job: CatchUp) -> str | None:
        """When the delivery that is awaited was attempted last; None: it waits no longer. Raises StoreError."""
        found = await self.deliveries.get(job.tenant, job.webhook_id, job.awaited or "")
        return _seen(found) if found and found.state is DeliveryState.RETRYING else None


def _waits(delivery: Delivery, now: float) -> bool:
    """Whether it is worth bringing forward. What is due is on its way already, maybe on the slow lane."""
    due = parse_iso(delivery.next_attempt_at) if delivery.next_attempt_at else 0.0
    return due - now > NEAR_S and delivery.early < MOST_EARLY


def _seen(delivery: Delivery) -> str:
    return delivery.attempts[-1].at if delivery.attempts else ""


def _task(delivery: Delivery, body: str, now: float) -> DeliveryTask:
    return DeliveryTask(
        delivery.tenant,
        body,
        delivery.webhook_id,
        attempt=delivery.round,
        not_before=round(now, 3),
        instead_of=parse_iso(delivery.next_attempt_at or ""),
        traceparent=delivery.traceparent,
    )
