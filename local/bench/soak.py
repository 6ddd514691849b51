"""The soak: a stack of its own under steady load and restarts for a long time. Does anything grow?

soak.py           the run and its report
soak_load.py      messages out and in, restarts
soak_samples.py   memory, descriptors and threads of each process over time
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from local.bench import pairing
from local.bench.bench import machine
from local.bench.inbound import Receiver, receiving
from local.bench.soak_load import Outbound, receive_steadily, restart_in_turn, send_steadily, settle
from local.bench.soak_samples import Record
from local.bench.target import BenchFailed, Target, started

logger = logging.getLogger(__name__)

SAMPLES_LEAST = 40
SAMPLE_EVERY_S = 5.0
TELL_EVERY_S = 60.0
HEARD = ["message.received", "message.failed", "message.uncertain"]


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how much: `cycles` restarts in all, messages a second `out` and `into` the instances."""

    minutes: float = 60.0
    cycles: int = 500
    instances: int = 20
    out: float = 8.0
    into: float = 4.0

    @property
    def seconds(self) -> float:
        return self.minutes * 60


async def soak(plan: Plan, folder: Path) -> dict[str, Any]:
    """Runs it on a fresh stack whose data is in `folder`; gives back the report."""
    logger.info("starting a stack of its own ...")
    async with started(folder) as target:
        logger.info("ready after %.1f s; pairing %d instances ...", target.ready_s, plan.instances)
        await pairing.pair_all(target, plan.instances)
        async with receiving(int(plan.into * plan.seconds)) as (receiver, url):
            status, answer = await target.call("POST", "/v1/webhooks", {"url": url, "events": HEARD})
            if status != 201:
                raise BenchFailed(f"creating a webhook: {status} {answer}")
            return await _run(plan, target, receiver)


async def _run(plan: Plan, target: Target, receiver: Receiver) -> dict[str, Any]:
    out, restarts, record = Outbound(), Counter[str](), Record()
    logger.info("loading it for %g minutes with %d restarts ...", plan.minutes, plan.cycles)
    watching = asyncio.create_task(_watch(plan, target, record, out, receiver, restarts))
    try:
        await _all(
            send_steadily(target, plan.instances, plan.out, plan.seconds, out),
            receive_steadily(target, plan.instances, plan.into, plan.seconds),
            restart_in_turn(target, plan.instances, plan.cycles, plan.seconds, restarts),
        )
    finally:
        watching.cancel()
        await asyncio.wait([watching])
    logger.info("waiting for the last messages ...")
    await settle(target, out, receiver)
    record.look(target.run_folder, plan.seconds)
    written = int(plan.into * plan.seconds)
    return {
        "machine": machine(),
        "plan": asdict(plan),
        "restarts": dict(restarts),
        "worker_replacements": _replacements(record),
        "out": out.report() | {kind: receiver.others[f"message.{kind}"] for kind in ("failed", "uncertain")},
        "in": receiver.report(written),
        "whatsapp": (await target.phone("GET", "/stats"))["events"],
        "processes": record.report(),
    }


async def _all(*work: Awaitable[None]) -> None:
    """Runs all; the first failure ends the rest."""
    async with asyncio.TaskGroup() as group:
        for each in work:
            group.create_task(_one(each))


async def _one(work: Awaitable[None]) -> None:
    await work


async def _watch(
    plan: Plan, target: Target, record: Record, out: Outbound, receiver: Receiver, restarts: Counter[str]
) -> None:
    began = told = time.monotonic()
    while True:
        await asyncio.to_thread(record.look, target.run_folder, time.monotonic() - began)
        if time.monotonic() - told >= TELL_EVERY_S:
            told = time.monotonic()
            memory = {name: round(value) for name, value in record.newest("rss_mb").items()}
            logger.info(
                "%3.0f min: %d accepted, %d in, %d restarts, %d workers replaced; MB %s",
                (told - began) / 60,
                len(out.accepted),
                len(receiver.arrivals),
                restarts.total(),
                _replacements(record),
                memory,
            )
        await asyncio.sleep(min(SAMPLE_EVERY_S, plan.seconds / SAMPLES_LEAST))


def _replacements(record: Record) -> int:
    workers = [samples for name, samples in record.samples.items() if "-worker-" in name]
    return sum(len({sample.pid for sample in samples}) - 1 for samples in workers)
