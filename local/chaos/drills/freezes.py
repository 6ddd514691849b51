"""Processes that stop for longer than their lease and then go on as if nothing had happened."""

from __future__ import annotations

import asyncio

from local.bench.processes import tree
from local.chaos.scene import Scene

AWAKE_S = 5.0  # how long a woken host is watched before the traffic's own time begins


async def stop_host(scene: Scene) -> None:
    """SIGSTOP of a host and its workers for twice the lease. Its connections stay open: only WhatsApp can end them."""
    pids = tree(scene.pid("host-1"))
    scene.hit = await scene.shops_of(pids)
    async with scene.stopped(pids, silent=pids):
        await asyncio.sleep(2 * scene.ground.scale.lease_s)
        scene.check("its sessions are in service elsewhere while it is frozen", await scene.all_back(scene.hit, 0))
    await asyncio.sleep(AWAKE_S)
    await scene.all_back()


async def stop_supervisor(scene: Scene) -> None:
    """SIGSTOP of the supervisor alone: its workers run on, and must not run on past the lease."""
    host = scene.pid("host-1")
    scene.hit = await scene.shops_of(tree(host))
    async with scene.stopped([host]):
        await asyncio.sleep(2 * scene.ground.scale.lease_s)
        scene.check("its sessions are in service while it is frozen", await scene.all_back(scene.hit, 0))
    await asyncio.sleep(AWAKE_S)
    await scene.all_back()
