"""An API process that is killed between its two writes: `python dying_api.py`, set up by its environment.

It stores the message of the first call and dies, as by `kill -9`, where it would have put the command on the queue.
"""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace

from functions.api.services import open_services
from local.api.server import server_of
from shared.models.command import Command, CommandKind
from shared.queues.commands import CommandSender
from shared.settings import Settings


class Fatal:
    """Queues that cost the sender of a message its life."""

    def __init__(self, behind: CommandSender) -> None:
        self._behind = behind

    async def send(self, partition: int, command: Command, dedup: str | None = None) -> None:
        if command.kind is CommandKind.SEND:
            os.kill(os.getpid(), signal.SIGKILL)
        await self._behind.send(partition, command, dedup)


async def main() -> None:
    async with open_services(Settings.parse(os.environ)) as services:
        dying = replace(services, commands=Fatal(services.commands))
        await server_of(dying, int(os.environ["HIVEWP_PORT"])).serve()


if __name__ == "__main__":
    asyncio.run(main())
