"""An endpoint that is away for a while under a steady rate of events: what becomes of them once it is back.

fails    it answers 500
refuses  nothing listens on its port
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from local.bench import processes
from local.bench.door import Door
from local.bench.endpoint import Endpoint, Manner, Story, listening
from local.bench.figures import spread
from local.bench.target import Target
from local.bench.webhooks import cpu_ms_per_delivery, names_of, numbers_of, used_since, write

logger = logging.getLogger(__name__)


class Away(StrEnum):
    """See the module."""

    FAILS = "fails"
    REFUSES = "refuses"


@dataclass(frozen=True, slots=True)
class Outage:
    """`rate` events a second over `instances`; the endpoint is well for `before_s`, away for `away_s`, well again for
    `after_s` of events. All must be there `patience_s` after the last of them."""

    instances: int = 10
    rate: float = 20.0
    before_s: float = 10.0
    away_s: float = 60.0
    after_s: float = 20.0
    patience_s: float = 400.0
    ways: tuple[Away, ...] = tuple(Away)

    @property
    def count(self) -> int:
        """How many events."""
        return round(self.rate * (self.before_s + self.away_s + self.after_s))


async def be_away(target: Target, instances: int, plan: Outage) -> dict[str, Any]:
    """Each way of being away, one after the other; the instances must be paired."""
    found: dict[str, Any] = {"rate_per_s": plan.rate, "away_s": plan.away_s}
    for way in plan.ways:
        found[way.value] = await _one(target, min(instances, plan.instances), plan, way)
    return found


async def _one(target: Target, instances: int, plan: Outage, way: Away) -> dict[str, Any]:
    logger.info("%g events a second, the endpoint %s for %.0f s ...", plan.rate, way, plan.away_s)
    before = processes.cpu_seconds(target.run_folder)
    async with listening(target, names_of(instances), plan.count) as (endpoint, door):
        async with asyncio.TaskGroup() as group:
            group.create_task(write(target, numbers_of(instances), plan.count, plan.rate))
            back_at = await _away(endpoint, door, plan, way)
        logger.info("all is written; waiting for what was held up ...")
        await endpoint.all_taken(plan.patience_s)
        used = used_since(before, target)
    counted = endpoint.report(plan.count)
    return {
        **counted,
        **after_return(endpoint.stories.values(), back_at),
        "cpu_ms_per_delivery": cpu_ms_per_delivery(used, counted["delivered"]),
    }


async def _away(endpoint: Endpoint, door: Door, plan: Outage, way: Away) -> float:
    """Goes and comes back; gives back when it was back, in unix seconds."""
    await asyncio.sleep(plan.before_s)
    if way is Away.FAILS:
        endpoint.manner = Manner.FAILS
    else:
        await door.shut()
    await asyncio.sleep(plan.away_s)
    endpoint.manner = Manner.ANSWERS
    if way is Away.REFUSES:
        await door.open()
    return time.time()


def after_return(stories: Iterable[Story], back_at: float) -> dict[str, Any]:
    """What was held up: events of before the return that were taken after it, and how long after it they were."""
    taken = [story.taken_at[0] - back_at for story in stories if story.happened_at < back_at and story.taken_at]
    held_up = [seconds for seconds in taken if seconds > 0]
    return {
        "held_up": len(held_up),
        "last_s_after_return": round(max(held_up, default=0.0), 1),
        "return_to_delivered": spread(held_up),
    }
