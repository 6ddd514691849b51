"""Endpoints that have events in order are woken after a change: what waits for them is gone on with at once.

It would be with the next event too. So one that has nothing waiting costs a look, and no call more.
"""

from __future__ import annotations

from functions.api.services import Services
from shared.queues.deliveries import DeliveryTask
from shared.tracing import current


async def wake(services: Services, tenant: str, webhook_id: str) -> None:
    """Has each instance's events delivered on from where they are. Raises StoreError, QueueError."""
    chains = await services.chains.of_webhook(tenant, webhook_id, services.clock.unix())
    bodies = await services.events.get_many(tenant, [(chain.instance, chain.cursor + 1) for chain in chains])
    tasks = [DeliveryTask(tenant, body, webhook_id, chained=True, traceparent=current()) for body in bodies.values()]
    if tasks:
        await services.delivery_queue.put(tasks)
