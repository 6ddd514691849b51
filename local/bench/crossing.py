"""What is lost when the two ends of a chat write at the same moment, with and without reply pauses.

    random   both sides write at random times
    replies  customers write in bursts; a bot answers each text, after the chat has been quiet for the pause

The real library in one process, without the rest of the product. Rates are many times those of people, so that a
minute shows what a day would: compare the lines with each other.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

from local.bench.crossing_bot import Script
from local.bench.crossing_customers import Customer, write_at_random, write_in_bursts
from local.bench.crossing_world import World, bot_process, pair, world_in

logger = logging.getLogger(__name__)

FIRST_INSTANCE, FIRST_CUSTOMER = 4_915_560_000_000, 4_917_600_000_000
CONNECT_S, DRAIN_S, SETTLE_S = 60.0, 120.0, 20.0
DEFAULT_PAUSES_MS = (0, 100, 300, 1000)
COUNTERS = ("reused_counters_at_phones", "duplicates_at_phones", "unreadable_at_phones", "retries_asked_of_phones")


@dataclass(frozen=True, slots=True)
class Plan:
    """How much: each pattern for `seconds`, over `instances` with `chats` each.

    `texts_s` and `bursts_s`: the mean time between a chat's single texts, or between the bursts of a customer. Pauses
    beyond a quarter of `texts_s` are left out of the random pattern, where sends would wait for ever.
    """

    instances: int = 4
    chats: int = 24
    seconds: float = 60.0
    texts_s: float = 0.8
    bursts_s: float = 3.0
    pauses_ms: Sequence[int] = DEFAULT_PAUSES_MS
    journal: str = "wal"
    guarded: bool = True


async def crossing(plan: Plan, folder: Path) -> dict[str, Any]:
    """Runs every pattern with every pause; gives back the report."""
    async with world_in(folder) as world:
        numbers = [str(FIRST_INSTANCE + index) for index in range(plan.instances)]
        stores = await pair(world, numbers)
        runs = []
        for pattern, pause_ms in product(("random", "replies"), plan.pauses_ms):
            if pattern == "replies" or pause_ms <= 1000 * plan.texts_s / 4:
                runs.append(await _run(world, plan, stores, pattern, pause_ms))
                logger.info("%s", runs[-1])
    return {"plan": asdict(plan), "runs": runs}


async def _run(world: World, plan: Plan, stores: dict[str, str], pattern: str, pause_ms: int) -> dict[str, Any]:
    customers = _customers(plan, f"{pattern} {pause_ms}")
    chats = {number: [each.number for each in customers if each.instance == number] for number in stores}
    every_s = plan.texts_s if pattern == "random" else None
    script = Script(stores, chats, plan.journal, every_s, pause_ms / 1000, plan.guarded)
    before = Counter(await world.events())
    async with bot_process(world) as bot:
        await bot.say(asdict(script), CONNECT_S)
        await _write(world, plan, pattern, customers)
        began = time.monotonic()
        tally = await bot.say("stop", DRAIN_S)
        drained_s = time.monotonic() - began
    missing = await _missing(world, customers, tally["sent"])
    counted = Counter(await world.events()) - before
    return {
        "pattern": pattern,
        "pause_ms": pause_ms,
        "out": {**_direction(len(tally["sent"]), missing), "refused": tally["refused"]},
        "in": _direction(*_inbound(customers, tally["heard"])),
        "overlapped": tally["overlapped"],
        "drained_s": round(drained_s, 1),
        **{name: counted[name] for name in COUNTERS},
    }


def _customers(plan: Plan, run: str) -> list[Customer]:
    first = FIRST_CUSTOMER + sum(run.encode()) * 1_000_000  # nobody meets the sessions of another run
    numbers = [str(FIRST_INSTANCE + index) for index in range(plan.instances)]
    return [
        Customer(str(first + index * plan.chats + chat), number)
        for index, number in enumerate(numbers)
        for chat in range(plan.chats)
    ]


async def _write(world: World, plan: Plan, pattern: str, customers: list[Customer]) -> None:
    if pattern == "random":
        writing = [write_at_random(world, customer, plan.texts_s) for customer in customers]
    else:
        writing = [write_in_bursts(world, customer, plan.bursts_s) for customer in customers]
    tasks = [asyncio.create_task(each) for each in writing]
    await asyncio.wait(tasks, timeout=plan.seconds, return_when=asyncio.FIRST_EXCEPTION)
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result
    await asyncio.sleep(2)  # for the answers to what came last


async def _missing(world: World, customers: list[Customer], sent: list[str]) -> int:
    """How many of the texts sent no phone has read, once that no longer changes."""
    left, patience = set(sent), time.monotonic() + SETTLE_S
    while left and time.monotonic() < patience:
        for customer in customers:
            left -= {letter["text"] for letter in await world.ask("GET", f"/phones/{customer.number}/inbox")}
        await asyncio.sleep(1)
    return len(left)


def _inbound(customers: list[Customer], heard: list[str]) -> tuple[int, int]:
    written = {text for customer in customers for text in customer.written}
    return len(written), len(written - set(heard))


def _direction(messages: int, lost: int) -> dict[str, Any]:
    return {"messages": messages, "lost": lost, "lost_per_1000": round(1000 * lost / messages, 2) if messages else None}
