"""The benchmark: each phase in order over one stack, then one report."""

from __future__ import annotations

import logging
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.bench import inbound, pairing, processes, sending
from local.bench.target import Target, started

logger = logging.getLogger(__name__)

IDLE_S = 20.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much: `instances` numbers, `rate` messages a second out for `seconds`, and in for half of that."""

    instances: int = 100
    rate: float = 14.0
    seconds: float = 120.0
    search: bool = True


async def bench(plan: Plan, folder: Path) -> dict[str, Any]:
    """Runs all phases on a fresh stack whose data is in `folder`; gives back the report."""
    logger.info("starting a stack of its own ...")
    async with started(folder) as target:
        logger.info("ready after %.1f s; pairing %d instances ...", target.ready_s, plan.instances)
        report: dict[str, Any] = {"machine": machine(), "ready_s": target.ready_s}
        report["pairing"] = await pairing.pair_all(target, plan.instances)
        report["idle"] = await _idle(target)
        logger.info("sending %.0f a second for %.0f s ...", plan.rate, plan.seconds)
        report["sending"] = await _with_cpu(target, sending.send_at(target, plan.instances, plan.rate, plan.seconds))
        logger.info("receiving %.0f a second for %.0f s ...", plan.rate, plan.seconds / 2)
        work = inbound.receive_at(target, plan.instances, plan.rate, plan.seconds / 2)
        report["inbound"] = await _with_cpu(target, work)
        if plan.search:
            logger.info("looking for the highest rate ...")
            report["highest"] = await sending.highest_rate(target, plan.instances, plan.rate)
        report["memory_mb_at_end"] = processes.memory_mb(target.run_folder)
        report["whatsapp_unanswered"] = (await target.phone("GET", "/stats")).get("unanswered")
    return report


async def _idle(target: Target) -> dict[str, Any]:
    logger.info("idle for %.0f s ...", IDLE_S)
    cpu = await processes.cpu_percent(target.run_folder, IDLE_S)
    return {"memory_mb": processes.memory_mb(target.run_folder), "cpu_percent_of_a_core": cpu}


async def _with_cpu(target: Target, work: Any) -> dict[str, Any]:
    before = processes.cpu_seconds(target.run_folder)
    result: dict[str, Any] = await work
    after = processes.cpu_seconds(target.run_folder)
    used = {name: round(after[name] - before.get(name, 0.0), 1) for name in after}
    return result | {"cpu_seconds": used}


def machine() -> dict[str, Any]:
    """What it ran on."""
    return {"cores": os.cpu_count(), "python": platform.python_version(), "machine": platform.machine()}
