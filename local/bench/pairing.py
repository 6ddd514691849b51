"""Instances: how fast one is created, shows its QR and is connected, and how long many take."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from local.bench.figures import spread
from local.bench.target import BenchFailed, Target

AT_ONCE = 4
PATIENCE_S = 90.0
LOOK_EVERY_S = 0.1  # the times to QR and to connected are this coarse
FIRST_NUMBER = 4_915_550_000_000


@dataclass(slots=True)
class Times:
    """Seconds of each step, over all instances."""

    create: list[float] = field(default_factory=list)
    qr: list[float] = field(default_factory=list)
    connected: list[float] = field(default_factory=list)


def instance_id(number: int) -> str:
    """The name of the benchmark's n-th instance."""
    return f"bench-{number:04d}"


def number_of(number: int) -> str:
    """The WhatsApp number of the benchmark's n-th instance."""
    return str(FIRST_NUMBER + number)


async def pair_all(target: Target, count: int) -> dict[str, Any]:
    """Creates, pairs and connects `count` instances, a few at a time."""
    times, gate = Times(), asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with gate:
            await pair(target, instance_id(number), number_of(number), times)

    before = time.monotonic()
    await asyncio.gather(*(one(number) for number in range(count)))
    return {
        "instances": count,
        "at_once": AT_ONCE,
        "seconds": round(time.monotonic() - before, 2),
        "create_answer": spread(times.create),
        "create_to_qr": spread(times.qr),
        "scan_to_connected": spread(times.connected),
    }


async def pair(target: Target, name: str, number: str, times: Times) -> None:
    """One instance from nothing to connected."""
    before = time.monotonic()
    status, answer = await target.call("POST", "/v1/instances", {"id": name})
    if status != 201:
        raise BenchFailed(f"creating {name}: {status} {answer}")
    times.create.append(time.monotonic() - before)
    code = await _qr(target, name)
    times.qr.append(time.monotonic() - before)
    before = time.monotonic()
    await target.phone("POST", f"/phones/{number}/scan", {"qr": code})
    await _connected(target, name)
    times.connected.append(time.monotonic() - before)


async def _qr(target: Target, name: str) -> str:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            status, answer = await target.call("GET", f"/v1/instances/{name}/qr")
            if status == 200:
                return str(answer["code"])
            await asyncio.sleep(LOOK_EVERY_S)


async def _connected(target: Target, name: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            _, answer = await target.call("GET", f"/v1/instances/{name}")
            if answer["state"] == "connected":
                return
            await asyncio.sleep(LOOK_EVERY_S)
