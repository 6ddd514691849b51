"""Hosts that are told to stop, as a deploy does."""

from __future__ import annotations

import signal
import time

from local.bench.processes import tree
from local.chaos import processes
from local.chaos.ground import DrillFailed, become_fit
from local.chaos.scene import Scene

IN_ALL_S = 20.0


async def rolling(scene: Scene) -> None:
    """SIGTERM of every host, one after the other; the next one when the last is back and has its share again."""
    scene.hit = scene.ground.shops
    for host in scene.ground.hosts:
        await _replace(scene, host)


async def one_host(scene: Scene) -> None:
    """The first step of it."""
    scene.hit = scene.ground.shops
    await _replace(scene, scene.ground.hosts[0])


async def hand_over(scene: Scene) -> None:
    """SIGTERM of a host with a hundred instances."""
    busy = [host for host in scene.ground.hosts if processes.workers_of(scene.ground.run_folder, host)]
    if not busy:
        raise DrillFailed("no host has workers")
    scene.hit = scene.ground.shops
    took = await _deploy(scene, busy[0])
    if took is not None:
        scene.check(f"all handed over in under {IN_ALL_S:g} s", took < IN_ALL_S, f"{took:.1f} s")


async def _replace(scene: Scene, host: str) -> None:
    await _deploy(scene, host)
    lacking = await become_fit(scene.ground)
    scene.check(f"all is well after {host}", not lacking, lacking)


async def _deploy(scene: Scene, host: str) -> float | None:
    """Ends the host in good order and waits until it is back; seconds until all its sessions were in service again."""
    pid = scene.pid(host)
    shops, began = await scene.shops_of(tree(pid)), time.time()
    scene.strike()
    processes.send(signal.SIGTERM, [pid])
    moved_at = await scene.moved(shops, began)
    took = None if moved_at is None else moved_at - began
    seen = "not all" if took is None else f"after {took:.1f} s"
    scene.check(f"the {len(shops)} sessions of {host} are in service again", took is not None, seen)
    await scene.another(host, pid)
    return took
