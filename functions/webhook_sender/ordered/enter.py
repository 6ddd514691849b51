"""A nudge: takes its chain, walks it and lets it go, or leaves that to whoever is at it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from math import ceil
from uuid import uuid4

from functions.webhook_sender.deliver import deliver
from functions.webhook_sender.follow_up import EARLY_S, put_off
from functions.webhook_sender.incoming import Work
from functions.webhook_sender.ordered.disperse import deliver_alone
from functions.webhook_sender.ordered.holds import Hold
from functions.webhook_sender.ordered.rows import work_of_row
from functions.webhook_sender.ordered.turn import Turn, is_alone, is_apart, matched_since, onward, own_chain, turn
from functions.webhook_sender.ordered.walk import Stop, Walker, Why, loop_time
from functions.webhook_sender.services import Services
from shared.models.chain import Chain
from shared.models.instance import InstanceKey
from shared.models.webhook import Webhook
from shared.queues.queue import QueueError
from shared.store.database import StoreError, StoreUnavailable

RUN_S = 5.0  # then the other records of the batch are not to wait any longer
PLACE_S = 15.0  # within which the last attempt has a place
LEASE_S = 75.0  # that, the longest attempt (30 s) and its record, and half a minute by which clocks may differ
AGAIN_S = 1.0
MOST_BEFORE = 100
_TRIES = 10


async def deliver_in_order(work: Work, webhook: Webhook, services: Services, begin_by: float | None = None) -> None:
    """Delivers what is due of the chain of this event. Raises StoreError, QueueError: our own faults."""
    key = webhook.tenant, webhook.id, work.instance or ""
    async with services.holds.alone(key):
        if not is_apart(work, webhook) and services.holds.absorbs(
            key, work.sequence or 0, work.lane, matched_since(webhook)
        ):
            return
        hold, alone = await _taken(work, webhook, services)
    if hold:
        await _work_on(hold, work, webhook, services, begin_by)
    if alone:
        await deliver_alone(work, webhook, services, begin_by)


async def deliver_replayed(work: Work, webhook: Webhook, services: Services, begin_by: float | None = None) -> None:
    """A replay is not in order. But a chain that waits for this event's next attempt need not wait any longer."""
    await deliver(work, webhook, services, begin_by)
    now = services.clock.unix()
    chain = await services.chains.get(webhook.tenant, webhook.id, work.instance or "", now)
    if chain and chain.waits_until and work.sequence == chain.cursor + 1:
        await services.tasks.put([onward(work, webhook, instead_of=chain.waits_until)])


async def _taken(nudge: Work, webhook: Webhook, services: Services) -> tuple[Hold | None, bool]:
    """The chain, if it is this nudge's turn; and whether its own event is not the chain's."""
    holder = uuid4().hex
    for _ in range(_TRIES):
        now, begin_by = services.clock.unix(), services.clock.monotonic() + RUN_S
        chain = own_chain(await services.chains.get(webhook.tenant, webhook.id, nudge.instance or "", now), webhook)
        alone = chain is not None and is_alone(nudge, webhook, chain)
        found = turn(nudge, webhook, chain, now, holder)
        if found in (Turn.DROP, Turn.ALONE, Turn.AGAIN):
            return None, await _passed(found, nudge, webhook, services)
        if chain is None:
            await services.chains.begin(await _beginning(nudge, webhook, services, holder), now)
        elif found is Turn.OURS:
            return Hold(chain, chain.cursor, begin_by, settled=False, certain=False), alone
        elif found is Turn.KNOCK:
            if await _knocked(nudge, webhook, chain, services):
                return None, alone
        elif held := await services.chains.take(chain, holder, now + LEASE_S, now, matched_since(webhook)):
            return _hold(held, chain, begin_by), alone
    raise StoreUnavailable("the chain changes too often")


async def _passed(found: Turn, nudge: Work, webhook: Webhook, services: Services) -> bool:
    """Whether a nudge whose turn it is not is delivered alone. One that is to come again stays what it is, and has its
    record read."""
    if found is Turn.AGAIN:
        await _itself_again(nudge, webhook, services.clock.unix() + AGAIN_S, services)
    return found is Turn.ALONE


def _hold(held: Chain, seen: Chain, begin_by: float) -> Hold:
    """A chain that was taken as it was seen."""
    settled = not seen.unsettled
    return Hold(held, held.cursor, begin_by, settled, certain=settled, awaited=seen.waits_until)


async def _beginning(nudge: Work, webhook: Webhook, services: Services, holder: str) -> Chain:
    """A chain that begins with the first event that the endpoint may have asked for: tasks come in any order."""
    cursor = (nudge.sequence or 1) - 1
    instance = nudge.instance or ""
    before = await services.log.run_before(str(InstanceKey(webhook.tenant, instance)), cursor + 1, MOST_BEFORE)
    for row in before:
        earlier = work_of_row(row, webhook, services, nudge.lane)
        if earlier and (earlier.sequence != cursor or earlier.noted_at < matched_since(webhook)):
            break
        cursor -= 1
    return Chain(
        tenant=webhook.tenant,
        webhook_id=webhook.id,
        instance=instance,
        cursor=cursor,
        first=cursor,
        holder=holder,
        lease_until=services.clock.unix() + LEASE_S,
        made_at=webhook.created_at,
        asked_since=matched_since(webhook),
    )


async def _knocked(nudge: Work, webhook: Webhook, chain: Chain, services: Services) -> bool:
    """Knocks. It may be the holder's own message, and the holder has died: so it comes once more after the lease."""
    if not await services.chains.knock(chain, services.clock.unix()):
        return False
    if nudge.receives > 1 or nudge.task.webhook_id or is_apart(nudge, webhook):
        await _once_more(nudge, webhook, chain, chain.lease_until + EARLY_S, services)
    return True


async def _once_more(nudge: Work, webhook: Webhook, chain: Chain, at: float, services: Services) -> None:
    """Has a nudge gone on for. What may turn out not to be the chain's comes itself: the chain may have passed it by
    then, and a sender that has not heard of a change yet may pass over what was not asked for before."""
    if is_apart(nudge, webhook) and not is_alone(nudge, webhook, chain):
        await _itself_again(nudge, webhook, at, services)
    else:
        await put_off(onward(nudge, webhook, not_before=at, instead_of=nudge.task.instead_of), services)


async def _itself_again(nudge: Work, webhook: Webhook, at: float, services: Services) -> None:
    """Has a task come once more as what it is (a retry is known by its time), and its record read then."""
    task = replace(nudge.task, webhook_id=webhook.id, not_before=nudge.task.not_before or at)
    await services.tasks.put([task], delay_s=ceil(max(at - services.clock.unix(), 0)))


async def _work_on(hold: Hold, nudge: Work, webhook: Webhook, services: Services, begin_by: float | None) -> None:
    walker = Walker(hold, nudge, webhook, services, loop_time(PLACE_S, begin_by))
    try:
        stop = await _walked(walker)
    except (StoreError, QueueError):  # the message comes again
        with suppress(StoreError):
            await _let_go(hold, Stop(Why.TIME), services)
        raise
    if stop.why is Why.TIME:
        at = services.clock.unix() + (AGAIN_S if hold.cursor == hold.chain.cursor else 0.0)
        await _once_more(nudge, webhook, hold.chain.left(hold.cursor, behind=True), at, services)


async def _walked(walker: Walker) -> Stop:
    """Walks until the chain is let go; says why. TIME: it is to be gone on with by a task."""
    hold, services = walker.hold, walker.services
    while True:
        with services.holds.listening(hold):
            stop = await _heard(walker)
        held = await _let_go(hold, stop, services)
        if held is None:
            return stop
        hold.chain, hold.settled = held, False
        if not _may_go_on(hold, stop, services):
            stop = Stop(Why.TIME)
            await _let_go(hold, stop, services)
            return stop


async def _heard(walker: Walker) -> Stop:
    """Walks until nobody of this process asks for more."""
    hold, services = walker.hold, walker.services
    while True:
        hold.wanted, hold.wanted_slow = 0, False
        stop = await walker.walk()
        if hold.wanted <= hold.cursor or not (stop.why is Why.END or hold.wanted_slow or _is_due(stop, services)):
            return stop
        hold.settled = False
        if not _may_go_on(hold, stop, services):
            return Stop(Why.TIME)


def _may_go_on(hold: Hold, stop: Stop, services: Services) -> bool:
    """Whether somebody's asking for more can be answered at once; else it is left to a task."""
    if services.clock.monotonic() >= hold.begin_by:
        return False
    return stop.why is Why.END or _is_due(stop, services)


def _is_due(stop: Stop, services: Services) -> bool:
    return stop.why is Why.WAITS and stop.until - services.clock.unix() <= EARLY_S


async def _let_go(hold: Hold, stop: Stop, services: Services) -> Chain | None:
    """None: it is let go. The chain, where somebody has knocked who is to be heard: not where a task will come."""
    will_come = stop.why in (Why.TIME, Why.ASIDE) or (stop.why is Why.WAITS and not _is_due(stop, services))
    behind, aside = stop.why is not Why.END, stop.why is Why.ASIDE
    left = hold.chain.left(hold.cursor, behind=behind, waits_until=stop.until, aside=aside)
    return await services.chains.release(left, services.clock.unix(), unheard=will_come)
