"""All parts of a stack: started as early as what they need is ready, stopped the other way round."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from local.stack.files import StackFiles
from local.stack.keeper import Keeper, PartFailed, Say
from local.stack.part import Part


class Supervisor:
    """Life and death of the parts; `keep` are descriptors that all of them inherit."""

    def __init__(self, parts: Sequence[Part], files: StackFiles, say: Say, keep: Sequence[int] = ()) -> None:
        self._keepers = {part.name: Keeper(part, files, say, keep) for part in parts}

    async def start(self) -> None:
        """Starts all parts and waits until they are ready. Raises PartFailed for the first that fails; then `stop`."""
        ready = {name: asyncio.Event() for name in self._keepers}

        async def start_one(keeper: Keeper) -> None:
            for name in keeper.part.after:
                await ready[name].wait()
            await keeper.start()
            ready[keeper.part.name].set()

        try:
            async with asyncio.TaskGroup() as group:
                for keeper in self._keepers.values():
                    group.create_task(start_one(keeper))
        except* PartFailed as failures:
            first = failures.exceptions[0]
        else:
            return
        raise first

    async def watch(self) -> None:
        """Returns never, unless keeping a part alive fails in a way that nobody foresaw: then raises that."""
        watches = [keeper.watch for keeper in self._keepers.values() if keeper.watch is not None]
        done, _ = await asyncio.wait(watches, return_when=asyncio.FIRST_EXCEPTION)
        for watch in done:
            watch.result()

    async def stop(self) -> None:
        """Stops every part after those that need it."""
        stopped = {name: asyncio.Event() for name in self._keepers}

        async def stop_one(keeper: Keeper) -> None:
            for other in self._keepers.values():
                if keeper.part.name in other.part.after:
                    await stopped[other.part.name].wait()
            await keeper.stop()
            stopped[keeper.part.name].set()

        async with asyncio.TaskGroup() as group:
            for keeper in self._keepers.values():
                group.create_task(stop_one(keeper))

    def kill(self) -> None:
        """Ends every part at once, for whoever does not want to wait."""
        for keeper in self._keepers.values():
            keeper.kill()
