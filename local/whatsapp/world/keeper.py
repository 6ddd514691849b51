"""Writes down what has changed, soon after it has changed, without holding up the event loop."""

from __future__ import annotations

import asyncio
import logging
import sqlite3

from local.whatsapp.state.database import Database
from local.whatsapp.world.memory import distrust_ratchets, render, restore
from local.whatsapp.world.world import World

log = logging.getLogger(__name__)

PAUSE = 0.2


class Keeper:
    """Restores the world at the start, then follows its journal until `stop`."""

    def __init__(self, world: World, database: Database, pause: float = PAUSE) -> None:
        self._world = world
        self._database = database
        self._pause = pause
        self._changed = asyncio.Event()
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Raises BrokenRecordError when the database does not hold what was written to it."""
        in_order = self._database.begin()
        restore(self._world, self._database)
        self._world.journal.on_first = self._changed.set
        if not in_order:
            log.warning("the last run did not end in order: phones open new sessions")
            distrust_ratchets(self._world)
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Writes the rest, and closes the database."""
        if self._task:
            async with self._writing:  # a write under way ends first: what it has taken would be lost with it
                self._task.cancel()
            await asyncio.wait([self._task])
        self._database.write(render(self._world, self._world.journal.take()))
        self._database.end()

    async def _follow(self) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(self._pause)
            self._changed.clear()
            async with self._writing:
                await self._write()

    async def _write(self) -> None:
        marks = self._world.journal.take()
        try:
            await asyncio.to_thread(self._database.write, render(self._world, marks))
        except sqlite3.Error:
            log.exception("state was not written; trying again")
            self._world.journal.restore()
        else:
            self._world.journal.written()
