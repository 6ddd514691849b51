"""Looks at every instance's unsettled messages and settles those that make no progress."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from session_host.worker.context import WorkerContext
from session_host.worker.faults import contained
from session_host.worker.hand import Hand
from session_host.worker.patience import until_available
from session_host.worker.settling import DELETED, EXPIRED, NOT_QUEUED, Ended, Settling
from session_host.worker.sweep.fate import LATEST_QUEUED_S, Facts, Fate, fate_of
from shared.ids import made_at, new_id
from shared.logs import bind
from shared.models.command import Command, CommandKind
from shared.models.instance import InstanceKey
from shared.queues.commands import encode, group_of
from shared.queues.queue import Outgoing, Queue, QueueError
from shared.store.messages import Unsettled
from shared.tracing import within

logger = logging.getLogger(__name__)

FIRST_S = 2.0  # the sessions of a partition that was just taken up connect first
EVERY_S = 300.0  # from one look at an instance to the next, up to a quarter more or less
SOON_S = 10.0  # after a trace was sent
TRACE_AGAIN_S = 1_800.0
TICK_S = 1.0
SIDE_BY_SIDE = 4
BACK_S = 8 * 86_400.0  # the longest ttl_s is 7 days
CLOCKS_APART_S = 60.0
OVERLAP_S = LATEST_QUEUED_S + 60.0  # what is younger is looked at again, settled or not: reads may be behind

FAILED_AS = {Fate.EXPIRED: EXPIRED, Fate.NOT_QUEUED: NOT_QUEUED, Fate.DELETED: DELETED}


@dataclass(slots=True)
class _Round:
    """When an instance is looked at next (monotonic), and from which time on (unix, of messages' making).

    `trace`: how far its commands had been received when the last trace was sent, at `traced` (monotonic).
    """

    due: float
    since: float
    trace: float | None = None
    traced: float = float("-inf")


class Sweeper:
    """Sweeps the instances that `keys` names. `run` must be running."""

    def __init__(
        self, context: WorkerContext, queue: Queue, hand: Hand, keys: Callable[[], Iterable[InstanceKey]]
    ) -> None:
        self._context = context
        self._queue = queue
        self._hand = hand
        self._keys = keys
        self._rounds: dict[InstanceKey, _Round] = {}
        self._gate = asyncio.Semaphore(SIDE_BY_SIDE)

    async def run(self) -> None:
        """Sweeps until cancelled: soon everything at once, then each instance in its own rhythm."""
        await asyncio.sleep(FIRST_S)
        while True:
            await asyncio.gather(*(self._sweep(key) for key in self._due()))
            await asyncio.sleep(TICK_S)

    def _due(self) -> list[InstanceKey]:
        now, unix = self._context.clock.monotonic(), self._context.clock.unix()
        there = {key: self._rounds.get(key) or _Round(now, unix - BACK_S) for key in self._keys()}
        self._rounds = there
        return [key for key, one in there.items() if one.due <= now]

    async def _sweep(self, key: InstanceKey) -> None:
        clock, round_ = self._context.clock, self._rounds[key]
        began = clock.unix()
        async with self._gate:
            kept = await contained(f"{key}: sweeping", self._look(key, round_.since))
        round_.due = clock.monotonic() + EVERY_S * (0.75 + 0.5 * self._context.uniform())
        if not isinstance(kept, Mapping):
            return
        round_.since = min([began - OVERLAP_S, *(made_at(message.id) for message in kept)])
        if Fate.TRACE in kept.values():
            await self._trace(key, round_)

    async def _look(self, key: InstanceKey, since: float) -> dict[Unsettled, Fate]:
        """Settles what has to be; gives back what was kept."""
        kept: dict[Unsettled, Fate] = {}
        async for message in unsettled(self._context, key, since):
            fate = fate_of(message, self._facts(str(key), message))
            if fate in {Fate.KEEP, Fate.TRACE}:
                kept[message] = fate
            else:
                with within(message.traceparent):
                    await settle(self._context, key, message, fate)
        return kept

    def _facts(self, group: str, message: Unsettled) -> Facts:
        return Facts(
            now=self._context.clock.unix(),
            in_hand=self._hand.has(group, message.id),
            held_back=self._hand.holds_back(group),
            received_until=self._hand.received_until(group),
        )

    async def _trace(self, key: InstanceKey, round_: _Round) -> None:
        """Sends a command after the instance's others, unless one is under way."""
        now, received_until = self._context.clock.monotonic(), self._hand.received_until(str(key))
        if round_.trace == received_until and now - round_.traced < TRACE_AGAIN_S:
            return
        command = Command(new_id("cmd"), CommandKind.TRACE, key)
        try:
            await self._queue.send(Outgoing(encode(command), group_of(command), command.id))
        except QueueError as error:
            with bind(tenant=key.tenant, instance=key.id):
                logger.warning("%s: a trace could not be sent: %s", key, error)
            return
        round_.trace, round_.traced = received_until, now
        round_.due = min(round_.due, now + SOON_S)


async def sweep_deleted(context: WorkerContext, key: InstanceKey) -> None:
    """Settles all messages of an instance that sends no more. Its item must still be there: so it has no successor."""
    async for message in unsettled(context, key, context.clock.unix() - BACK_S):
        facts = Facts(context.clock.unix(), deleted=True)
        await settle(context, key, message, fate_of(message, facts))


async def unsettled(context: WorkerContext, key: InstanceKey, since: float) -> AsyncIterator[Unsettled]:
    """The instance's messages from then to now that are not settled."""
    until = context.clock.unix() + CLOCKS_APART_S
    start: dict[str, Any] | None = None
    while True:
        page = partial(context.messages.unsettled, str(key), since, until, start)
        found, start = await until_available(page)
        for message in found:
            yield message
        if start is None:
            return


async def settle(context: WorkerContext, key: InstanceKey, message: Unsettled, fate: Fate) -> None:
    """Gives a message the end that was decided, unless it has gone on meanwhile."""
    settling = Settling(context.ledger, context.messages, context.clock)
    frees = message.idempotency_key if fate is Fate.NOT_QUEUED else None
    ended = Ended(key, message.id, message.to, message.type, frees)
    done = await settling.uncertain(ended) if fate is Fate.UNCERTAIN else await settling.fail(ended, FAILED_AS[fate])
    if done:
        with bind(tenant=key.tenant, instance=key.id, message=message.id):
            logger.warning("%s: %s made no progress: %s", key, message.id, fate.name.lower())
