"""A chain whose endpoint is to have its events in order no longer: what waited in it goes on its way, each by itself.

Only what happened before that was changed: what came later was never the chain's. It may have been seen to by its own
task as well, so records are read before anything is delivered here. Of a disabled endpoint the chain stays as it is
until that one is enabled.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from functions.webhook_sender.deliver import deliver
from functions.webhook_sender.follow_up import EARLY_S, follow_up, put_off
from functions.webhook_sender.incoming import Work
from functions.webhook_sender.ordered.rows import work_of_row
from functions.webhook_sender.ordered.turn import at_a_change, is_overtaken, matched_since, onward, own_chain
from functions.webhook_sender.services import Services
from shared.models.chain import Chain
from shared.models.instance import InstanceKey
from shared.models.webhook import DeliveryState, Webhook, delivery_id

PAGE = 100
LEASE_S = 60.0
AGAIN_S = 1.0


async def disperse(nudge: Work, webhook: Webhook, services: Services, _begin_by: float | None = None) -> None:
    """Puts a page of what waits behind the cursor on the queue. Raises StoreError, QueueError."""
    now = services.clock.unix()
    chain = own_chain(await services.chains.get(webhook.tenant, webhook.id, nudge.instance or "", now), webhook)
    if chain is None or not chain.unsettled or not webhook.active:
        return
    if is_overtaken(webhook, chain, now):
        await put_off(onward(nudge, webhook, not_before=now + AGAIN_S), services)
    elif chain.held_at(now):
        await put_off(onward(nudge, webhook, not_before=chain.lease_until + EARLY_S), services)
    elif held := await services.chains.take(chain, uuid4().hex, now + LEASE_S, now, matched_since(webhook)):
        await _put_page(held, nudge, webhook, services)
    else:
        await put_off(onward(nudge, webhook, not_before=now + AGAIN_S), services)


async def deliver_alone(work: Work, webhook: Webhook, services: Services, begin_by: float | None) -> None:
    """As to any endpoint, but the record is read: it may have been the chain's after all."""
    again = work.task.again or work.task.webhook_id is None
    await deliver(replace(work, task=replace(work.task, again=again)), webhook, services, begin_by)


async def _put_page(held: Chain, nudge: Work, webhook: Webhook, services: Services) -> None:
    instance = str(InstanceKey(webhook.tenant, held.instance))
    found, more = await services.log.run_after(instance, held.cursor, PAGE)
    read = [one for row in found if (one := work_of_row(row, webhook, services, nudge.lane))]
    old = [one for one in read if at_a_change(one, webhook)]
    await _put(old, webhook, services, died=held.died)
    more = more and len(old) == len(read)
    cursor = found[-1].sequence if found else held.cursor
    await services.chains.release(held.left(cursor, behind=more), services.clock.unix(), unheard=True)
    if more:
        await services.tasks.put([onward(nudge, webhook)])


async def _put(old: list[Work], webhook: Webhook, services: Services, *, died: bool) -> None:
    """The first that was asked for may have been attempted or put off, and what follows from that have been left to the
    chain; whoever died at it may have come to others. What was begun is seen to, whether it is asked for still or
    not."""
    rest: list[Work] = []
    for place, one in enumerate(old):
        wanted = webhook.wants(one.event_type, one.instance)
        earlier = None
        if died or place == 0 or (wanted and not rest):
            name = delivery_id(one.event_id, webhook.id)
            earlier = await services.records.get(webhook.tenant, webhook.id, name)
        if earlier is None:
            rest += [one] if wanted else []
        elif earlier.state is DeliveryState.PENDING and earlier.next_attempt_at is None:
            rest.append(one)
        else:
            await follow_up(earlier, one.task, services)
    if rest:
        await services.tasks.put([replace(one.task, again=True) for one in rest])
