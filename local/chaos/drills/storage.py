"""What everything is kept in fails."""

from __future__ import annotations

import asyncio
import signal
import time

from local.bench.processes import tree
from local.chaos import processes
from local.chaos.ground import until_true
from local.chaos.scene import BACK_S, Scene
from local.stack.files import StackFiles
from local.stack.ready import answers_200

SILENT_S = 20.0
FULL_S = 8.0


async def aws_silent(scene: Scene) -> None:
    """MiniStack is frozen: calls to DynamoDB and SQS are taken and not answered."""
    scene.hit = scene.ground.shops
    async with scene.stopped(tree(scene.pid("aws"))):
        await asyncio.sleep(SILENT_S)
    await scene.all_back()


async def aws_restart(scene: Scene) -> None:
    """MiniStack ends and is started again: calls are refused meanwhile. If that takes too long the hosts fence."""
    aws, began = scene.pid("aws"), time.monotonic()
    scene.hit = scene.ground.shops
    scene.strike()
    processes.send(signal.SIGTERM, [aws])
    await scene.another("aws", aws)
    port = StackFiles(scene.ground.run_folder.parent).read_ports()["HIVEWP_AWS_PORT"]
    back = await until_true(answers_200(port, "/_ministack/health"), BACK_S)
    scene.check("MiniStack is back", back, f"after {time.monotonic() - began:.1f} s")
    await scene.all_back()


async def disk_full(scene: Scene) -> None:
    """No file of one worker can grow, its sessions' SQLite files among them: writes fail as on a full disk."""
    worker = next(iter(scene.workers("host-1").values()))
    scene.hit = await scene.shops_of([worker])
    scene.strike()
    processes.limit_files(worker, 0)
    try:
        await asyncio.sleep(FULL_S)
    finally:
        if worker in scene.workers("host-1").values():  # it may have ended: its successor has no limit
            processes.limit_files(worker, None)
    await scene.all_back()
