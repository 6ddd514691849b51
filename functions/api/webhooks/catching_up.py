"""Changes of endpoints that let go on what waits for them: it comes at once, by a catch-up of the sender's.

    put the catch-up, for later -> store the change, and that the catch-up is on -> put it for now

Wherever the call dies, the message comes, and finds on the row whether there is anything to do. The one that comes
second ends by itself.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from functions.api.services import Services
from shared.models.catch_up import CatchUp
from shared.queues.queue import QueueError

log = logging.getLogger(__name__)

LATER_S = 60  # as long as a call takes to store what it stores, and longer than the first one settles


@asynccontextmanager
async def catching_up(services: Services, tenant: str, webhook_id: str, at: float) -> AsyncIterator[None]:
    """Stands around the write that stores an endpoint as `woken` or `revived` (endpoint_health.py) at `at`. Raises
    QueueError before the write."""
    job = CatchUp(tenant=tenant, webhook_id=webhook_id, at=at, until=at)
    await services.jobs.put(job, LATER_S)
    yield
    try:
        await services.jobs.put(job)
    except QueueError as error:
        log.warning("the catch-up of %s begins later: %s", webhook_id, error)
