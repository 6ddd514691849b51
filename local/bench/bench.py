"""The benchmark: each part in order over one stack, then one report."""

from __future__ import annotations

import logging
import os
import platform
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.bench import burst, inbound, looking, numbers, outage, overhead, pairing, processes, sending, webhooks
from local.bench.burst import Burst
from local.bench.looking import Looks
from local.bench.numbers import PER_MINUTE, Checks
from local.bench.outage import Outage
from local.bench.overhead import Rounds
from local.bench.target import Target, started
from local.bench.webhooks import Steady

logger = logging.getLogger(__name__)

IDLE_S = 20.0
OVERHEAD = "overhead"
# The bench asks WhatsApp about thousands of new numbers in a minute, which no instance should. Ours cannot be banned.
SETTINGS = {PER_MINUTE: "10000"}


@dataclass(frozen=True, slots=True)
class Plan:
    """How much: `instances` numbers, `rate` messages a second out for `seconds`, and in for half of that.

    `parts`: those of PARTS to run, in its order whatever theirs; the instances are paired for any."""

    instances: int = 100
    rate: float = 14.0
    seconds: float = 120.0
    parts: frozenset[str] = frozenset()
    checks: Checks = field(default_factory=Checks)
    looks: Looks = field(default_factory=Looks)
    rounds: Rounds = field(default_factory=Rounds)
    steady: Steady = field(default_factory=Steady)
    outage: Outage = field(default_factory=Outage)
    burst: Burst = field(default_factory=Burst)


async def bench(plan: Plan, folder: Path) -> dict[str, Any]:
    """Runs the parts on a fresh stack whose data is in `folder`; gives back the report."""
    report: dict[str, Any] = {"machine": machine()}
    wanted = plan.parts or frozenset(PARTS)
    if on_one_stack := [name for name in ON_ONE_STACK if name in wanted]:
        report |= await _on_one_stack(plan, folder, on_one_stack)
    if OVERHEAD in wanted:
        report[OVERHEAD] = await overhead.compare(plan.rounds, folder.with_name(f"{folder.name}-{OVERHEAD}"))
    return report


async def _on_one_stack(plan: Plan, folder: Path, parts: list[str]) -> dict[str, Any]:
    logger.info("starting a stack of its own ...")
    async with started(folder, settings=SETTINGS) as target:
        logger.info("ready after %.1f s; pairing %d instances ...", target.ready_s, plan.instances)
        report: dict[str, Any] = {"ready_s": target.ready_s}
        report["pairing"] = await pairing.pair_all(target, plan.instances)
        for name in parts:
            report[name] = await ON_ONE_STACK[name](plan, target)
        report["memory_mb_at_end"] = processes.memory_mb(target.run_folder)
        report["whatsapp_unanswered"] = (await target.phone("GET", "/stats")).get("unanswered")
    return report


async def _idle(_: Plan, target: Target) -> dict[str, Any]:
    logger.info("idle for %.0f s ...", IDLE_S)
    cpu = await processes.cpu_percent(target.run_folder, IDLE_S)
    return {"memory_mb": processes.memory_mb(target.run_folder), "cpu_percent_of_a_core": cpu}


async def _sending(plan: Plan, target: Target) -> dict[str, Any]:
    logger.info("sending %.0f a second for %.0f s ...", plan.rate, plan.seconds)
    return await _with_cpu(target, sending.send_at(target, plan.instances, plan.rate, plan.seconds))


async def _inbound(plan: Plan, target: Target) -> dict[str, Any]:
    logger.info("receiving %.0f a second for %.0f s ...", plan.rate, plan.seconds / 2)
    return await _with_cpu(target, inbound.receive_at(target, plan.instances, plan.rate, plan.seconds / 2))


async def _highest(plan: Plan, target: Target) -> dict[str, Any]:
    logger.info("looking for the highest rate ...")
    return await sending.highest_rate(target, plan.instances, plan.rate)


async def _monitoring(plan: Plan, target: Target) -> dict[str, Any]:
    return await looking.look_at(target, plan.looks)


async def _numbers(plan: Plan, target: Target) -> dict[str, Any]:
    return await _with_cpu(target, numbers.check_numbers(target, plan.checks))


async def _webhooks(plan: Plan, target: Target) -> dict[str, Any]:
    return await webhooks.deliver_steadily(target, plan.instances, plan.steady)


async def _outage(plan: Plan, target: Target) -> dict[str, Any]:
    return await outage.be_away(target, plan.instances, plan.outage)


async def _burst(plan: Plan, target: Target) -> dict[str, Any]:
    return await burst.burst(target, plan.instances, plan.burst)


ON_ONE_STACK: Mapping[str, Callable[[Plan, Target], Awaitable[dict[str, Any]]]] = {
    "idle": _idle,
    "sending": _sending,
    "inbound": _inbound,
    "webhooks": _webhooks,
    "outage": _outage,
    "burst": _burst,
    "monitoring": _monitoring,
    "numbers": _numbers,
    "highest": _highest,
}
PARTS = (*ON_ONE_STACK, OVERHEAD)
"""What can be measured by itself; `overhead` has stacks of its own."""


async def _with_cpu(target: Target, work: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    before = processes.cpu_seconds(target.run_folder)
    result = await work
    after = processes.cpu_seconds(target.run_folder)
    used = {name: round(after[name] - before.get(name, 0.0), 1) for name in after}
    return result | {"cpu_seconds": used}


def machine() -> dict[str, Any]:
    """What it ran on."""
    return {"cores": os.cpu_count(), "python": platform.python_version(), "machine": platform.machine()}
