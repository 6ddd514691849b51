"""Step 1: which endpoints a task is for."""

from __future__ import annotations

import asyncio

from functions.webhook_sender.incoming import Work
from functions.webhook_sender.ports import Endpoints
from shared.models.webhook import Webhook


class Resolver:
    """The endpoints of one batch's tenants, each tenant asked for once. Made anew for every batch: an endpoint that
    was just created hears the next event."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints
        self._found: dict[str, asyncio.Future[list[Webhook]]] = {}

    async def resolve(self, work: Work) -> list[Webhook]:
        """The endpoints that want the event, but not the one whose trouble it tells of; or the one that the task
        names, unless it was deleted."""
        task = work.task
        found = await self._of_tenant(task.tenant)
        if task.webhook_id is None:
            return [one for one in found if one.id != work.about and one.wants(work.event_type, work.instance)]
        return [one for one in found if one.id == task.webhook_id]

    def seen(self) -> list[Webhook]:
        """All endpoints that were read."""
        done = (found for found in self._found.values() if found.done() and not found.cancelled())
        return [one for found in done if not found.exception() for one in found.result()]

    def _of_tenant(self, tenant: str) -> asyncio.Future[list[Webhook]]:
        if tenant not in self._found:
            self._found[tenant] = asyncio.ensure_future(self._endpoints.of_tenant(tenant))
        return self._found[tenant]
