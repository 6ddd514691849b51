"""A receiver that was away for a while: what waits for it arrives when it is back, once each, hours before its time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from aiohttp import web

from shared.clock import SystemClock, parse_iso
from shared.models.event import Event
from shared.models.webhook import DeliveryState
from tests.integration.functions.webhook_sender.conftest import PATIENCE_S, Sending, an_event, listening
from tests.integration.functions.webhook_sender.test_loop import serving

HOURS_S = 7200.0
EVENTS = 10


@dataclass
class Away:
    """A receiver that answers 500 while it is `down`."""

    down: bool = True
    taken: Counter[str] = field(default_factory=Counter)

    async def take(self, request: web.BaseRequest) -> web.Response:
        await request.read()
        if self.down:
            return web.Response(status=500)
        self.taken[request.headers["webhook-id"]] += 1
        return web.Response()


async def test_what_waits_for_hours_arrives_once_when_the_receiver_is_back(sending: Sending) -> None:
    receiver, events = Away(), [_alone(an_event(number)) for number in range(EVENTS)]
    async with listening(receiver.take) as url, serving(sending, schedule=(0.1, HOURS_S, HOURS_S)):
        await sending.endpoints.save(replace(sending.webhook, url=url))
        await sending.put(events)
        await _until(sending, events, lambda state, due: state is DeliveryState.RETRYING and due > HOURS_S / 2)
        receiver.down = False
        probe = _alone(an_event(EVENTS))
        await sending.put([probe])
        await _until(sending, [*events, probe], lambda state, _due: state is DeliveryState.DELIVERED)
    assert receiver.taken == Counter([event.id for event in [*events, probe]])


def _alone(event: Event) -> Event:
    """One that is in no log."""
    return replace(event, instance=None, sequence=None)


async def _until(sending: Sending, events: list[Event], holds: Callable[[DeliveryState, float], bool]) -> None:
    """Waits until it holds of each event's delivery: its state, and in how many seconds it is due."""
    async with asyncio.timeout(PATIENCE_S):
        for event in events:
            while True:
                found = await sending.recorded(event)
                due = parse_iso(found.next_attempt_at) - SystemClock().unix() if found.next_attempt_at else 0.0
                if holds(found.state, due):
                    break
                await asyncio.sleep(0.05)
