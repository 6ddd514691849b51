"""As many messages at once as the phones can write: none may be lost, and how long the last delivery takes."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Any

from local.bench import processes
from local.bench.endpoint import listening
from local.bench.figures import spread
from local.bench.target import Target
from local.bench.webhooks import cpu_ms_per_delivery, names_of, numbers_of, used_since, write

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Burst:
    """`count` messages over `instances`; all must be there after `patience_s`."""

    instances: int = 10
    count: int = 2_000
    patience_s: float = 120.0


async def burst(target: Target, instances: int, plan: Burst) -> dict[str, Any]:
    """One burst; the instances must be paired."""
    taking = min(instances, plan.instances)
    logger.info("%d messages at once to %d instances ...", plan.count, taking)
    async with listening(target, names_of(taking), plan.count) as (endpoint, _):
        before, began = processes.cpu_seconds(target.run_folder), time.time()
        await write(target, numbers_of(taking), plan.count, rate=0)
        written_s = time.time() - began
        await endpoint.all_taken(plan.patience_s)
        used = used_since(before, target)
    counted = endpoint.report(plan.count)
    taken = [story.taken_at[0] for story in endpoint.stories.values() if story.taken_at]
    happened = [story.happened_at - began for story in endpoint.stories.values()]
    return {
        "instances": taking,
        **counted,
        "written_after_s": round(written_s, 2),
        "last_event_after_s": round(max(happened, default=0.0), 2),
        "last_delivery_after_s": round(max(taken, default=began) - began, 2),
        "event_to_arrival": spread([story.first_attempt_s for story in endpoint.stories.values()]),
        "cpu_ms_per_delivery": cpu_ms_per_delivery(used, counted["delivered"]),
    }
