"""Step 1: which endpoints a task is for.

The tasks of a batch ask together: for each tenant those of its endpoints are read that one of its tasks may be for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from functions.webhook_sender.incoming import Work
from functions.webhook_sender.ordered.turn import at_a_change
from functions.webhook_sender.ports import Endpoints, Records
from shared.models.instance import InstanceKey
from shared.models.made_for import endpoint_id
from shared.models.webhook import Ordering, Webhook, delivery_id


@dataclass(slots=True, eq=False)
class _Question:
    """What is asked of a tenant's endpoints: for those of these ids, and `others` that are made for no instance."""

    ids: set[str] = field(default_factory=set)
    others: bool = False

    def add(self, work: Work) -> None:
        task = work.task
        if task.webhook_id is not None:
            self.ids.add(task.webhook_id)
            return
        self.others = True
        if work.instance is not None:
            self.ids.add(endpoint_id(InstanceKey(task.tenant, work.instance)))


class Resolver:
    """The endpoints of one batch's tenants. Made anew for every batch: an endpoint that was just created hears the next
    event."""

    def __init__(self, endpoints: Endpoints, records: Records) -> None:
        self._endpoints = endpoints
        self._records = records
        self._open: dict[tuple[str, bool], tuple[_Question, asyncio.Task[list[Webhook]]]] = {}
        self._seen: dict[tuple[str, str], Webhook] = {}

    async def resolve(self, work: Work) -> list[Webhook]:
        """The endpoints that want the event, but not the one whose trouble it tells of; or the one that the task
        names, unless it was deleted. Raises StoreError."""
        found = await self._ask(work)
        if work.task.webhook_id is not None:
            return [one for one in found if one.id == work.task.webhook_id]
        wanting: list[Webhook] = []
        others: list[Webhook] = []
        for one in found:
            if one.id != work.about:
                (wanting if one.wants(work.event_type, work.instance) else others).append(one)
        return wanting + await self._left(others, work) if work.receives > 1 else wanting

    def seen(self) -> list[Webhook]:
        """All endpoints that were read."""
        return list(self._seen.values())

    def _ask(self, work: Work) -> asyncio.Task[list[Webhook]]:
        """Asks with those that ask in the same moment. An event of no instance asks apart: the endpoints of instances
        that others of its batch ask for are not asked for by it."""
        group = work.task.tenant, work.task.webhook_id is None and work.instance is None
        if group not in self._open:
            question = _Question()
            self._open[group] = question, asyncio.create_task(self._read(group, question))
        question, answer = self._open[group]
        question.add(work)
        return answer

    async def _read(self, group: tuple[str, bool], question: _Question) -> list[Webhook]:
        tenant, _ = group
        del self._open[group]  # who asks from now on asks anew
        if question.others:
            found = await self._endpoints.candidates(tenant, question.ids)
        else:
            found = await self._endpoints.get_many(tenant, question.ids)
        self._seen |= {(one.tenant, one.id): one for one in found}
        return found

    async def _left(self, others: Iterable[Webhook], work: Work) -> list[Webhook]:
        """Those that wanted the event when it was here before, and were changed since: what was recorded of it may not
        have been scheduled. Each is seen to by itself, whatever its order: an event it no longer wants is not in it."""
        changed = [one for one in others if at_a_change(work, one) or not (one.active or _is_kept(one, work))]
        known = await asyncio.gather(*(self._is_known(one, work) for one in changed))
        return [replace(one, ordering=Ordering.NONE) for one, is_known in zip(changed, known, strict=True) if is_known]

    async def _is_known(self, webhook: Webhook, work: Work) -> bool:
        name = delivery_id(work.event_id, webhook.id)
        return await self._records.get(webhook.tenant, webhook.id, name) is not None


def _is_kept(webhook: Webhook, work: Work) -> bool:
    """Whether the event's chain has it still, and goes on with it once the endpoint is enabled."""
    return webhook.ordering is Ordering.INSTANCE and work.sequence is not None
