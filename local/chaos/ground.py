"""A stack with paired instances on which drills are done, and whether it is fit for the next one."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.bench.pairing import Times, pair
from local.bench.processes import pid_of
from local.bench.target import Target, started
from local.chaos.client import Client, client_of
from local.chaos.endpoint import Endpoint, listening
from local.chaos.processes import workers_of
from local.chaos.scale import Scale
from local.chaos.service import Frozen, serves
from local.chaos.shop import Shop

logger = logging.getLogger(__name__)

PAIR_AT_ONCE = 4
FIT_S = 75.0
LOOK_EVERY_S = 0.25


class DrillFailed(Exception):
    """The drill could not be carried out; nothing can be said of the product."""


@dataclass(slots=True)
class Ground:
    """`logged`: the last sequence of each shop's event log that a drill has already accounted for."""

    target: Target
    scale: Scale
    client: Client
    endpoint: Endpoint
    shops: list[Shop]
    logged: dict[Shop, int] = field(default_factory=dict)

    @property
    def run_folder(self) -> Path:
        return self.target.run_folder

    @property
    def hosts(self) -> list[str]:
        """The names of the hosts."""
        return [f"host-{number + 1}" for number in range(self.scale.hosts)]

    async def stays(self, shop: Shop) -> list[dict[str, Any]]:
        """The local WhatsApp's record of the shop's connections."""
        stays: list[dict[str, Any]] = await self.target.phone("GET", f"/devices/{shop.number}/connections")
        return stays

    async def in_service(self, shop: Shop, frozen: list[Frozen]) -> bool:
        """Whether it is now."""
        return any(serves(stay, frozen) for stay in await self.stays(shop))

    async def state(self, shop: Shop) -> dict[str, Any]:
        """The instance as the API shows it; empty while the API does not."""
        return await self.client.get(f"/v1/instances/{shop.id}") or {}

    async def second_logins(self) -> int:
        """How often a device logged in while an earlier connection of it was open, since the start."""
        stats = await self.target.phone("GET", "/stats")
        return int(stats["events"].get("second_logins", 0))

    async def unfit(self) -> str:
        """Why no drill can start yet; empty when one can."""
        lacking = _unshared(self)
        if lacking:
            return lacking
        health = await self.client.get("/monitoring/health")
        if health is None or health["status"] != "healthy":
            return "the API does not say healthy"
        for shop in self.shops:
            state = await self.state(shop)
            if state.get("state") != "connected" or not await self.in_service(shop, []):
                return f"{shop.id} is {state.get('state')}"
        return ""


@asynccontextmanager
async def prepared(scale: Scale, folder: Path) -> AsyncIterator[Ground]:
    """A fresh stack in `folder` with every instance paired. Raises BenchFailed or TimeoutError."""
    async with (
        started(folder, hosts=scale.hosts, partitions=scale.partitions, lease_s=scale.lease_s) as target,
        client_of(target) as client,
        listening(target) as endpoint,
    ):
        ground = Ground(target, scale, client, endpoint, [Shop(index) for index in range(scale.instances)])
        await pair_all(ground)
        yield ground


async def pair_all(ground: Ground) -> None:
    """Creates and pairs every shop's instance."""
    gate, times = asyncio.Semaphore(PAIR_AT_ONCE), Times()

    async def one(shop: Shop) -> None:
        async with gate:
            await pair(ground.target, shop.id, shop.number, times)

    await asyncio.gather(*map(one, ground.shops))


async def become_fit(ground: Ground, patience_s: float = FIT_S) -> str:
    """Waits until the ground is fit for a drill; what is wrong with it still, empty when it is fit."""
    deadline = time.monotonic() + patience_s
    while lacking := await ground.unfit():
        if time.monotonic() > deadline:
            return lacking
        await asyncio.sleep(LOOK_EVERY_S)
    return ""


async def until_true(look: Callable[[], Awaitable[bool]], patience_s: float) -> bool:
    """Whether it came true in that time."""
    deadline = time.monotonic() + patience_s
    while not await look():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(LOOK_EVERY_S)
    return True


def _unshared(ground: Ground) -> str:
    """Every host must do its share, or a blow to it would hit nothing."""
    owners = [workers_of(ground.run_folder, host).keys() for host in ground.hosts]
    for host, partitions in zip(ground.hosts, owners, strict=True):
        if pid_of(ground.run_folder, host) is None:
            return f"{host} does not run"
        least = ground.scale.partitions // ground.scale.hosts
        if not least <= len(partitions) <= least + 1:
            return f"{host} has {len(partitions)} workers"
    if sum(map(len, owners)) != ground.scale.partitions:
        return "the partitions are not shared"
    return ""
