"""Going through the log from a chain's cursor, one event after the other, as far as it goes now."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from functions.webhook_sender.catch_up.worker import MOST_EARLY
from functions.webhook_sender.deliver import proceed
from functions.webhook_sender.delivery_result import Requeued
from functions.webhook_sender.follow_up import EARLY_S, follow_up
from functions.webhook_sender.incoming import Work
from functions.webhook_sender.ordered.holds import Hold
from functions.webhook_sender.ordered.rows import work_of_row
from functions.webhook_sender.ordered.turn import at_a_change, matched_since
from functions.webhook_sender.services import Services
from functions.webhook_sender.slots import OutOfTime
from shared.clock import iso, parse_iso
from shared.models.instance import InstanceKey
from shared.models.webhook import Delivery, DeliveryState, Webhook, delivery_id
from shared.queues.deliveries import DeliveryTask
from shared.store.events import Logged

PAGE = 25
ASIDE_S = 60.0  # how much later than expected a task of the slow lane may come


class Why(Enum):
    """END: nothing is left. WAITS: a task comes for the event behind the cursor when it is due; ASIDE: one comes by the
    slow lane. TIME: others are to have their turn. DISABLED: the endpoint is not to be called."""

    END = auto()
    WAITS = auto()
    ASIDE = auto()
    TIME = auto()
    DISABLED = auto()


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a walk ended; `until` (unix seconds) for what waits."""

    why: Why
    until: float = 0.0


_END = Stop(Why.END)


@dataclass(frozen=True, slots=True)
class Walker:
    """Walks a chain that is held. `begin_by` (the loop's time): no attempt begins later."""

    hold: Hold
    nudge: Work
    webhook: Webhook
    services: Services
    begin_by: float

    async def walk(self) -> Stop:
        """Delivers what is behind the cursor, which it moves. Raises StoreError, QueueError."""
        if self._is_next(self.nudge) and self.hold.settled and not self.nudge.task.chained:
            return await self._deliver(self.nudge) or _END
        more = True
        while more:
            if self._is_late:
                return Stop(Why.TIME)
            found, more = await self.services.log.run_after(self._instance, self.hold.cursor, PAGE)
            if stop := await self._deliver_all(found):
                return stop
        if (self.nudge.sequence or 0) > self.hold.cursor:  # the log does not have it (any more)
            return await self._deliver(self.nudge) or _END
        return _END

    @property
    def _instance(self) -> str:
        return str(InstanceKey(self.webhook.tenant, self.hold.chain.instance))

    @property
    def _is_late(self) -> bool:
        return self.services.clock.monotonic() >= self.hold.begin_by

    def _is_next(self, work: Work) -> bool:
        return work.sequence == self.hold.cursor + 1

    async def _deliver_all(self, found: Sequence[Logged]) -> Stop | None:
        for row in found:
            work = work_of_row(row, self.webhook, self.services, self.nudge.lane)
            if work is None:
                self.hold.cursor = row.sequence
            elif stop := await self._deliver(self.nudge if work.event_id == self.nudge.event_id else work):
                return stop
        return None

    async def _deliver(self, work: Work) -> Stop | None:
        """Why the walk ends before this event; None when it is settled."""
        wanted = self._is_wanted(work) or await self._is_begun(work)
        stop = await self._settle(work) if wanted else None
        if stop is None:
            self.hold.cursor = work.sequence or 0
        return stop

    def _is_wanted(self, work: Work) -> bool:
        """What nobody asked for when it was noted was not put on the queue for this endpoint, nor is it to come now."""
        asked = work.event_id == self.nudge.event_id and not self.nudge.task.chained
        if self.hold.settled and not asked and work.noted_at < matched_since(self.webhook):
            return False
        return self.webhook.wants(work.event_type, work.instance)

    async def _is_begun(self, work: Work) -> bool:
        """Whether it was asked for before a change, and is neither delivered nor dead. Where the chain was let go that
        can only be what is next in it, so not all that is passed over is read."""
        next_in_chain = not self.hold.certain and self.hold.cursor == self.hold.chain.cursor
        if not at_a_change(work, self.webhook) or not (next_in_chain or self.hold.chain.died):
            return False
        name = delivery_id(work.event_id, self.webhook.id)
        earlier = await self.services.records.get(self.webhook.tenant, self.webhook.id, name)
        return earlier is not None and earlier.state in (DeliveryState.PENDING, DeliveryState.RETRYING)

    async def _settle(self, work: Work) -> Stop | None:
        if self.services.health_cache.health(self.webhook).disabled_at is not None:
            return Stop(Why.DISABLED)
        if self._is_late:
            return Stop(Why.TIME)
        earlier = await self._earlier(work)
        if earlier and (known := await self._known(work, earlier)):
            return known if known.why is not Why.END else None
        return await self._attempt(replace(work, task=self._task(work, earlier)), earlier)

    async def _earlier(self, work: Work) -> Delivery | None:
        if self.hold.certain and not at_a_change(work, self.webhook):
            return None
        name = delivery_id(work.event_id, self.webhook.id)
        earlier = await self.services.records.get(self.webhook.tenant, self.webhook.id, name)
        self.hold.certain = self.hold.certain or earlier is None
        return earlier

    async def _known(self, work: Work, earlier: Delivery) -> Stop | None:
        """What the record says: END where the event is settled, None where its attempt is due."""
        if earlier.state is DeliveryState.DELIVERED:
            return _END
        if earlier.state is DeliveryState.DEAD:
            await follow_up(earlier, work.task, self.services)  # who recorded it may have died before it was buried
            return _END
        due = parse_iso(earlier.next_attempt_at) if earlier.next_attempt_at else 0.0
        if due - self.services.clock.unix() <= EARLY_S or self._is_brought_forward(earlier):
            return None
        if earlier.next_attempt_at != iso(self.hold.awaited):
            await follow_up(earlier, self._task(work, earlier), self.services)
        return Stop(Why.WAITS, due)

    def _is_brought_forward(self, earlier: Delivery) -> bool:
        """Whether the nudge came for this attempt before its time. Nobody else makes it: the chain is held."""
        instead_of = self.nudge.task.instead_of
        if not instead_of or earlier.next_attempt_at != iso(instead_of) or earlier.early >= MOST_EARLY:
            return False
        return self.services.health_cache.health(self.webhook).failing_since is None

    async def _attempt(self, work: Work, earlier: Delivery | None) -> Stop | None:
        try:
            result = await proceed(work, self.webhook, earlier, self.services, self.begin_by)
        except OutOfTime:
            return Stop(Why.TIME)
        if isinstance(result, Requeued):
            self.hold.certain = False
            return Stop(Why.ASIDE, self.services.clock.unix() + result.for_s + ASIDE_S)
        if result.next_attempt_at is None:
            return None
        self.hold.certain = False
        return Stop(Why.WAITS, parse_iso(result.next_attempt_at))

    def _task(self, work: Work, earlier: Delivery | None) -> DeliveryTask:
        """The task of an attempt, as those that follow from it are made of it."""
        bare = DeliveryTask(work.task.tenant, work.task.event, self.webhook.id, traceparent=work.task.traceparent)
        task = replace(bare, moved_at=work.task.moved_at, chained=True)
        if earlier is None:
            return task
        if self._is_brought_forward(earlier):
            return replace(task, attempt=earlier.round, instead_of=self.nudge.task.instead_of)
        due = parse_iso(earlier.next_attempt_at) if earlier.next_attempt_at else 0.0  # by which it is known as due
        return replace(task, attempt=earlier.round, not_before=due)


def loop_time(within_s: float, begin_by: float | None) -> float:
    """The loop's time in so many seconds, or `begin_by` where that is sooner."""
    until = asyncio.get_running_loop().time() + within_s
    return until if begin_by is None else min(until, begin_by)
