"""A nudge: takes its chain, walks it and lets it go, or leaves that to whoever is at it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from uuid import uuid4

from functions.webhook_sender.follow import EARLY_S, put_off
from functions.webhook_sender.incoming import Work, work_of
from functions.webhook_sender.ordered.disperse import deliver_alone, disperse, onward
from functions.webhook_sender.ordered.holds import Hold
from functions.webhook_sender.ordered.turn import Turn, is_alone, is_before, matched_since, turn
from functions.webhook_sender.ordered.walk import Stop, Walker, Why, loop_time
from functions.webhook_sender.services import Services
from shared.models.chain import Chain
from shared.models.instance import InstanceKey
from shared.models.webhook import Ordering, Webhook
from shared.queues.deliveries import DeliveryTask
from shared.queues.queue import QueueError
from shared.store.database import StoreError, StoreUnavailable

RUN_S = 5.0  # then the other records of the batch are not to wait any longer
PLACE_S = 15.0  # within which the last attempt has a place
LEASE_S = 75.0  # that, the longest attempt (30 s) and its record, and half a minute by which clocks may differ
AGAIN_S = 1
MOST_BEFORE = 100
_TRIES = 10


async def deliver_in_order(work: Work, webhook: Webhook, services: Services, begin_by: float | None = None) -> None:
    """Delivers what is due of the chain of this event. Raises StoreError, QueueError: our own faults."""
    if webhook.ordering is not Ordering.INSTANCE:
        await disperse(work, webhook, services, begin_by)
        return
    key = webhook.tenant, webhook.id, work.instance or ""
    async with services.holds.alone(key):
        if not is_before(work, webhook) and services.holds.absorbs(key, work.sequence or 0, work.lane):
            return
        hold, alone = await _taken(work, webhook, services)
    if alone:
        await deliver_alone(work, webhook, services, begin_by)
    if hold:
        await _work_on(hold, work, webhook, services, begin_by)


async def _taken(nudge: Work, webhook: Webhook, services: Services) -> tuple[Hold | None, bool]:
    """The chain, if it is this nudge's turn; and whether its own event is not the chain's."""
    holder = uuid4().hex
    for _ in range(_TRIES):
        now = services.clock.unix()
        chain = await services.chains.get(webhook.tenant, webhook.id, nudge.instance or "", now)
        alone = chain is not None and is_alone(nudge, webhook, chain)
        found = turn(nudge, webhook, chain, now, holder)
        if found in (Turn.DROP, Turn.ALONE):
            return None, found is Turn.ALONE
        if chain is None:
            await services.chains.begin(await _beginning(nudge, webhook, services, holder), now)
        elif found is Turn.OURS:
            return _hold(chain, services, settled=False), alone
        elif found is Turn.KNOCK:
            if await _knocked(nudge, webhook, chain, services):
                return None, alone
        elif held := await services.chains.take(chain, holder, now + LEASE_S, now):
            return _hold(held, services, settled=not chain.unsettled), alone
    raise StoreUnavailable("the chain changes too often")


def _hold(chain: Chain, services: Services, *, settled: bool) -> Hold:
    begin_by = services.clock.monotonic() + RUN_S
    return Hold(chain, chain.cursor, begin_by, settled=settled, certain=settled)


async def _beginning(nudge: Work, webhook: Webhook, services: Services, holder: str) -> Chain:
    """A chain that begins with the first event that the endpoint may have asked for: tasks come in any order."""
    cursor = (nudge.sequence or 1) - 1
    instance = nudge.instance or ""
    before = await services.log.run_before(str(InstanceKey(webhook.tenant, instance)), cursor + 1, MOST_BEFORE)
    for one in before:
        earlier = work_of(DeliveryTask(webhook.tenant, one.body), receives=1, sent_at=0.0, lane=nudge.lane)
        if earlier.sequence != cursor or earlier.happened_at < matched_since(webhook):
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
    )


async def _knocked(nudge: Work, webhook: Webhook, chain: Chain, services: Services) -> bool:
    """Knocks. It may be the holder's own message, and the holder has died: so it comes once more after the lease."""
    if not await services.chains.knock(chain, services.clock.unix()):
        return False
    if nudge.receives > 1 or nudge.task.webhook_id:
        await put_off(replace(onward(nudge, webhook), not_before=chain.lease_until), services)
    return True


async def _work_on(hold: Hold, nudge: Work, webhook: Webhook, services: Services, begin_by: float | None) -> None:
    walker = Walker(hold, nudge, webhook, services, loop_time(PLACE_S, begin_by))
    try:
        stop = await _walked(walker)
    except (StoreError, QueueError):  # the message comes again
        with suppress(StoreError):
            await _let_go(hold, Stop(Why.TIME), services)
        raise
    if stop.why is Why.TIME:
        await services.tasks.put([onward(nudge, webhook)], AGAIN_S if hold.cursor == hold.chain.cursor else 0)


async def _walked(walker: Walker) -> Stop:
    """Walks until the chain is let go; says why. TIME: it is to be gone on with by a task."""
    hold, services = walker.hold, walker.services
    while True:
        with services.holds.listening(hold):
            stop = await _heard(walker)
        held = await _let_go(hold, stop, services)
        while held and _still_waits(hold, stop, services):
            hold.chain = held
            held = await _let_go(hold, stop, services)
        if held is None:
            return stop
        hold.chain, hold.settled = held, False
        if not _may_go_on(hold, stop, services):
            stop = Stop(Why.TIME)
            await _let_go(hold, stop, services)
            return stop


def _still_waits(hold: Hold, stop: Stop, services: Services) -> bool:
    """Whether who has knocked can be told to wait too: what is scheduled is still to come."""
    return stop.why is Why.WAITS and not _is_due(stop, services) and services.clock.monotonic() < hold.begin_by


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
    """None: it is let go. The chain, where somebody has knocked who is to be heard."""
    left = replace(
        hold.chain,
        cursor=hold.cursor,
        behind=stop.why is not Why.END,
        waits_until=stop.until,
        aside=stop.why is Why.ASIDE,
    )
    return await services.chains.release(left, services.clock.unix(), unheard=stop.why is Why.TIME)
