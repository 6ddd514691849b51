"""Both ways at once, at a steady pace, until it is told to stop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from local.chaos.inbound import Inbound
from local.chaos.outbound import Outbound
from local.chaos.scale import Scale
from session_host.until import until


@dataclass(frozen=True, slots=True)
class Traffic:
    """What was asked for and what was written."""

    out: Outbound
    inbound: Inbound


@asynccontextmanager
async def flowing(traffic: Traffic, scale: Scale) -> AsyncIterator[None]:
    """Traffic flows while the block runs; at its end every call that is under way is brought to its end."""
    stop = asyncio.Event()
    flows = [
        asyncio.create_task(paced(traffic.out.send, scale.out_rate, stop)),
        asyncio.create_task(paced(traffic.inbound.write, scale.in_rate, stop)),
    ]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*flows)


async def paced(work: Callable[[int], Awaitable[None]], rate: float, stop: asyncio.Event) -> None:
    """Starts `work` at exact times, `rate` a second, until `stop`; returns when all of it has ended."""
    begin, number = time.monotonic(), 0
    async with asyncio.TaskGroup() as group:
        while not await until(stop, begin + number / rate - time.monotonic()):
            group.create_task(_as_coroutine(work, number))
            number += 1


async def _as_coroutine(work: Callable[[int], Awaitable[None]], number: int) -> None:
    await work(number)
