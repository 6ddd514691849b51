"""A chain whose endpoint is to have its events in order no longer: what waited in it goes on its way, each by itself.

Only what happened before that was changed: what came later was never the chain's. It may have been seen to by its own
task as well, so records are read before anything is delivered here.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from functions.webhook_sender.deliver import deliver
from functions.webhook_sender.follow import put_off
from functions.webhook_sender.incoming import Work, work_of
from functions.webhook_sender.ordered.turn import at_a_change, is_onward
from functions.webhook_sender.services import Services
from shared.clock import parse_iso
from shared.models.chain import Chain
from shared.models.instance import InstanceKey
from shared.models.webhook import Webhook, delivery_id
from shared.queues.deliveries import DeliveryTask

PAGE = 100
LEASE_S = 60.0
AGAIN_S = 1.0


async def disperse(work: Work, webhook: Webhook, services: Services, begin_by: float | None) -> None:
    """Puts a page of what waits behind the cursor on the queue, and makes the attempt that is due by the task itself.
    Raises StoreError, QueueError, OutOfTime."""
    now = services.clock.unix()
    chain = await services.chains.get(webhook.tenant, webhook.id, work.instance or "", now)
    if chain and chain.held_at(now):
        await put_off(replace(onward(work, webhook), not_before=chain.lease_until), services)
    elif chain and chain.unsettled:
        if held := await services.chains.take(chain, uuid4().hex, now + LEASE_S, now):
            await _put_page(held, work, webhook, services)
        else:
            await put_off(replace(onward(work, webhook), not_before=now + AGAIN_S), services)
    if not is_onward(work):
        await deliver(work, webhook, services, begin_by)


async def deliver_alone(work: Work, webhook: Webhook, services: Services, begin_by: float | None) -> None:
    """As to any endpoint, but the record is read: it may have been the chain's after all."""
    again = work.task.again or work.task.webhook_id is None
    await deliver(replace(work, task=replace(work.task, again=again)), webhook, services, begin_by)


def onward(work: Work, webhook: Webhook) -> DeliveryTask:
    """A task that stands for the rest of a chain, and for no attempt of its own."""
    task = work.task
    return DeliveryTask(task.tenant, task.event, webhook.id, chained=True, traceparent=task.traceparent)


async def _put_page(held: Chain, work: Work, webhook: Webhook, services: Services) -> None:
    instance = str(InstanceKey(webhook.tenant, held.instance))
    found, more = await services.log.run_after(instance, held.cursor, PAGE)
    tasks = [
        DeliveryTask(webhook.tenant, one.body, webhook.id, again=True, traceparent=one.traceparent) for one in found
    ]
    waiting = [work_of(task, receives=1, sent_at=0.0, lane=work.lane) for task in tasks]
    old = [one for one in waiting if at_a_change(one, webhook)]
    own = None if is_onward(work) else work.event_id
    wanted = [one for one in old if webhook.wants(one.event_type, one.instance) and one.event_id != own]
    if wanted:
        first = await _known(wanted[0], webhook, services)
        await services.tasks.put([first, *(one.task for one in wanted[1:])])
    more = more and len(old) == len(found)
    cursor = (waiting[-1].sequence if waiting else None) or held.cursor
    left = replace(held, cursor=cursor, behind=more, waits_until=0.0, aside=False)
    await services.chains.release(left, services.clock.unix(), unheard=True)
    if more:
        await services.tasks.put([onward(work, webhook)])


async def _known(first: Work, webhook: Webhook, services: Services) -> DeliveryTask:
    """The task of what is behind the cursor: it may have been attempted, and its retry have been left to the chain."""
    name = delivery_id(first.event_id, webhook.id)
    earlier = await services.records.get(webhook.tenant, webhook.id, name)
    if earlier is None or earlier.next_attempt_at is None:
        return first.task
    return replace(first.task, attempt=earlier.round, not_before=parse_iso(earlier.next_attempt_at), again=False)
