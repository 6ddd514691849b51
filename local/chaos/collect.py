"""Collects what came of a drill's traffic, and waits until nothing more is to come."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

from local.chaos.facts import SETTLED, Facts
from local.chaos.ground import Ground
from local.chaos.outbound import Ask
from local.chaos.shop import Shop

EVERY_S = 1.0
QUIET_S = 2.0  # what comes twice comes soon after
PAGE = 1000
AT_ONCE = 8


async def collect(ground: Ground, facts: Facts) -> None:
    """Fills in the facts until all is settled and stays so, for the scale's `settle_s` at most."""
    deadline = time.monotonic() + ground.scale.settle_s
    await look(ground, facts)
    calm = False
    while not calm and time.monotonic() < deadline:
        before = facts.settled()
        await asyncio.sleep(QUIET_S if before else EVERY_S)
        await look(ground, facts)
        calm = before and facts.settled()
    for shop, events in facts.log.items():
        ground.logged[shop] = max([event["sequence"] for event in events], default=ground.logged.get(shop, 0))


async def look(ground: Ground, facts: Facts) -> None:
    """The facts as they are now."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def outcome(ask: Ask) -> None:
        async with gate:
            message = await ground.client.get(f"/v1/instances/{ask.shop.id}/messages/{ask.message_id}")
        if message is not None:
            ask.state, ask.error = message["state"], (message.get("error") or {}).get("code")

    async def log(shop: Shop) -> None:
        async with gate:
            events = await _events(ground, shop, facts.logged.get(shop, 0))
        if events is not None:
            facts.log[shop] = events

    open_ones = [ask for ask in facts.accepted if ask.state not in SETTLED]
    await asyncio.gather(*map(outcome, open_ones), *map(log, ground.shops))
    facts.arrived = await inboxes(ground)
    facts.heard = dict(ground.endpoint.heard)


async def inboxes(ground: Ground) -> Counter[str]:
    """How often each text is in the inboxes of those whom the shops write to."""
    found: Counter[str] = Counter()
    for shop in ground.shops:
        for customer in shop.hearing:
            letters = await ground.target.phone("GET", f"/phones/{customer}/inbox")
            found.update(letter["text"] for letter in letters)
    return found


async def _events(ground: Ground, shop: Shop, after: int) -> list[dict[str, Any]] | None:
    """The whole log after a sequence; None when it could not be read to its end."""
    events: list[dict[str, Any]] = []
    while True:
        page = await ground.client.get(f"/v1/instances/{shop.id}/events?after={after}&limit={PAGE}")
        if page is None:
            return None
        events += page["data"]
        if len(page["data"]) < PAGE:
            return events
        after = page["next_after"]
