"""kill -9, in the middle of traffic."""

from __future__ import annotations

from local.bench.processes import tree
from local.chaos.scene import Scene


async def calm(_scene: Scene) -> None:
    """Nothing happens: what the instruments themselves show."""


async def kill_worker(scene: Scene) -> None:
    """One worker of a host; the others go on."""
    worker = next(iter(scene.workers("host-1").values()))
    scene.hit = await scene.shops_of([worker])
    await scene.kill([worker])
    await scene.all_back()


async def kill_host(scene: Scene) -> None:
    """The supervisor and all of its workers at once, as when the machine is gone."""
    host = scene.pid("host-1")
    pids = tree(host)
    scene.hit = await scene.shops_of(pids)
    await scene.kill(pids)
    await scene.all_back()


async def kill_api(scene: Scene) -> None:
    """Calls that are being answered are cut off; their callers repeat them under their keys."""
    api = scene.pid("api")
    await scene.kill([api])
    await scene.another("api", api)


async def kill_webhooks(scene: Scene) -> None:
    """Deliveries in hand come again when their time at the queue is over."""
    sender = scene.pid("webhooks")
    await scene.kill([sender])
    await scene.another("webhooks", sender)
