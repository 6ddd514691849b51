"""Events to an endpoint at a steady rate: how long after the event the first attempt arrives.

Phones write to the instances, so each event goes all the way: socket, worker, event log, queue, sender, endpoint. Some
rounds run beside another tenant whose endpoint hangs on every call; they take turns with rounds that have no such
neighbour, forwards and then backwards, so that whatever else the machine does meets all alike.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from local.bench import processes
from local.bench.endpoint import Endpoint, Manner, listening
from local.bench.figures import spread
from local.bench.neighbour import INSTANCE, NUMBER, moved_in
from local.bench.pairing import instance_id, number_of
from local.bench.target import Target

logger = logging.getLogger(__name__)

SETTLE_S = 30.0
ALONE = 0.0


@dataclass(frozen=True, slots=True)
class Steady:
    """`rate` events a second for `seconds` over `instances`, alone and beside neighbours at the rates `hanging`;
    each of these `turns` times. `calm_s` between rounds: what the neighbour left on the queues is gone by then."""

    instances: int = 10
    rate: float = 100.0
    seconds: float = 60.0
    hanging: tuple[float, ...] = (2.0, 20.0)
    turns: int = 2
    calm_s: float = 5.0

    def rounds(self) -> list[float]:
        """The neighbour's rate in each round, ALONE for none."""
        kinds = [ALONE, *self.hanging]
        return [rate for turn in range(self.turns) for rate in (kinds if turn % 2 == 0 else reversed(kinds))]


@dataclass(slots=True)
class Seen:
    """All rounds of one kind: seconds from event to arrival, those of each round, and what was counted."""

    delays: list[list[float]] = field(default_factory=list)
    counted: list[dict[str, int]] = field(default_factory=list)
    hung: int = 0
    cpu_s: dict[str, float] = field(default_factory=dict)

    def report(self) -> dict[str, Any]:
        """Their figures together."""
        counts = {name: sum(one[name] for one in self.counted) for name in self.counted[0]}
        return {
            **counts,
            "calls_that_hung": self.hung,
            "event_to_arrival": spread([delay for delays in self.delays for delay in delays]),
            "p95_ms_of_each_round": [spread(delays).get("p95_ms") for delays in self.delays],
            "cpu_ms_per_delivery": cpu_ms_per_delivery(self.cpu_s, counts["delivered"]),
        }


async def deliver_steadily(target: Target, instances: int, plan: Steady) -> dict[str, Any]:
    """All rounds; the instances must be paired."""
    seen: dict[float, Seen] = {rate: Seen() for rate in (ALONE, *plan.hanging)}
    async with AsyncExitStack() as stack:
        neighbour = await stack.enter_async_context(moved_in(target)) if plan.hanging else target
        rounds = plan.rounds()
        for at, rate in enumerate(rounds):
            await _round(target, neighbour, min(instances, plan.instances), plan, rate, seen[rate])
            p95 = spread(seen[rate].delays[-1]).get("p95_ms")
            logger.info("round %d of %d, %g a second hanging: p95 %s ms", at + 1, len(rounds), rate, p95)
    return report_of(plan, seen)


def report_of(plan: Steady, seen: dict[float, Seen]) -> dict[str, Any]:
    """What the rounds come to; `p95_times`: as many times the p95 of the rounds alone."""
    alone = seen[ALONE].report()
    reports = {f"beside_{rate:g}_a_second_hanging": seen[rate].report() for rate in plan.hanging}
    for report in reports.values():
        report["p95_times"] = _times(report["event_to_arrival"], alone["event_to_arrival"])
    return {"made_by": "phones that write", "rate_per_s": plan.rate, "seconds": plan.seconds, "alone": alone} | reports


def cpu_ms_per_delivery(cpu_s: dict[str, float], deliveries: int) -> dict[str, float]:
    """CPU of each part in ms, for one delivery. Making the event is among it; the sender's part is `webhooks`."""
    return {name: round(1000 * used / deliveries, 2) for name, used in cpu_s.items()} if deliveries else {}


def used_since(before: dict[str, float], target: Target) -> dict[str, float]:
    """CPU seconds that each part has used since."""
    now = processes.cpu_seconds(target.run_folder)
    return {name: now[name] - before.get(name, 0.0) for name in now}


async def write(target: Target, numbers: Sequence[str], count: int, rate: float) -> None:
    """Phones write `count` texts to these numbers in turn, `rate` a second; 0 is all at once."""
    await target.phone("POST", "/blast", {"to": list(numbers), "count": count, "rate": rate})


def names_of(instances: int) -> list[str]:
    """The first instances of the bench."""
    return [instance_id(number) for number in range(instances)]


def numbers_of(instances: int) -> list[str]:
    """Their numbers."""
    return [number_of(number) for number in range(instances)]


async def _round(target: Target, neighbour: Target, instances: int, plan: Steady, hanging: float, seen: Seen) -> None:
    count = round(plan.rate * plan.seconds)
    async with AsyncExitStack() as stack:
        hung = await _hanging(stack, neighbour) if hanging else None
        endpoint, _ = await stack.enter_async_context(listening(target, names_of(instances), count))
        before = processes.cpu_seconds(target.run_folder)
        async with asyncio.TaskGroup() as group:
            group.create_task(write(target, numbers_of(instances), count, plan.rate))
            if hung:
                group.create_task(write(target, [NUMBER], round(hanging * plan.seconds), hanging))
        await endpoint.all_taken(SETTLE_S)
        for name, used in used_since(before, target).items():
            seen.cpu_s[name] = seen.cpu_s.get(name, 0.0) + used
    seen.delays.append([story.first_attempt_s for story in endpoint.stories.values()])
    seen.counted.append(endpoint.report(count))
    seen.hung += hung.calls if hung else 0
    if hung:
        await asyncio.sleep(plan.calm_s)


async def _hanging(stack: AsyncExitStack, neighbour: Target) -> Endpoint:
    endpoint, _ = await stack.enter_async_context(listening(neighbour, [INSTANCE], 1, Manner.HANGS))
    return endpoint


def _times(one: dict[str, Any], other: dict[str, Any]) -> float | None:
    p95, alone = one.get("p95_ms"), other.get("p95_ms")
    return round(float(p95) / float(alone), 2) if p95 and alone else None
