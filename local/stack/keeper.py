"""Keeps one part alive.

starting --ready--> running --dies--> waiting (back-off) --> starting ...
    \\--fails the first time--> PartFailed          any --stop--> stopped
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from local.stack.files import StackFiles
from local.stack.part import Part
from local.stack.process import PartProcess

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 30.0
STEADY_S = 30.0  # who lived that long starts again with the first pause
POLL_S = 0.05

Say = Callable[[str], None]


class PartFailed(Exception):
    """A part did not become ready; the text says why and shows the end of its log."""


class Keeper:
    """Starts a part, restarts it when it dies, stops it. `say` hears what a person at the terminal should know."""

    def __init__(self, part: Part, files: StackFiles, say: Say, keep: Sequence[int] = ()) -> None:
        self.part = part
        self._files = files
        self._say = say
        self._keep = keep
        self._process: PartProcess | None = None
        self.watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Starts the part and waits until it is ready; from then on it is kept alive. Raises PartFailed."""
        self._files.rotate_log(self.part.name)
        began = time.monotonic()
        await self._bring_up()
        self._say(f"{self.part.name} is ready ({time.monotonic() - began:.1f} s)")
        self.watch = asyncio.create_task(self._stay_up(), name=f"keeper of {self.part.name}")

    async def stop(self) -> None:
        """Ends the part; what does not end in its time is killed."""
        if self.watch is not None:
            self.watch.cancel()
            await asyncio.wait([self.watch])
        if self._process is not None and not await self._process.stop(self.part.stop_timeout_s):
            self._say(f"{self.part.name} did not stop within {self.part.stop_timeout_s:g} s and was killed")
        self._files.forget(self.part.name)

    def kill(self) -> None:
        """Ends the part at once."""
        if self._process is not None:
            self._process.kill()

    async def _stay_up(self) -> None:
        pause = FIRST_PAUSE_S
        while self._process is not None:
            began = time.monotonic()
            how = await self._process.ended()
            pause = FIRST_PAUSE_S if time.monotonic() - began > STEADY_S else pause
            self._say(f"{self.part.name} {how}, starting it again (its log: {self._files.log(self.part.name)})")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)
            await self._try_again()

    async def _try_again(self) -> None:
        try:
            await self._bring_up()
        except PartFailed as failure:
            self._say(str(failure))
        else:
            self._say(f"{self.part.name} is back")

    async def _bring_up(self) -> None:
        self._files.forget(self.part.name)
        try:
            self._process = await PartProcess.spawn(self.part, self._files.log(self.part.name), self._keep)
        except OSError as error:
            raise PartFailed(f"{self.part.name} could not be started: {error}") from error
        self._files.write(self._files.pid(self.part.name), f"{self._process.pid}\n")
        try:
            await self._become_ready(self._process)
            if self.part.then is not None:
                await self.part.then()
        except PartFailed:
            self._process.kill()
            raise

    async def _become_ready(self, process: PartProcess) -> None:
        ended = asyncio.create_task(process.ended())
        try:
            async with asyncio.timeout(self.part.ready_timeout_s):
                while not ended.done():
                    if await self.part.ready():
                        return
                    await asyncio.wait([ended], timeout=POLL_S)
        except TimeoutError:
            if not self.part.must_be_ready:
                return
            raise self._failed(f"was not ready after {self.part.ready_timeout_s:g} s") from None
        finally:
            ended.cancel()
        raise self._failed(f"{ended.result()} before it was ready")

    def _failed(self, what: str) -> PartFailed:
        tail = self._files.tail(self.part.name)
        log = self._files.log(self.part.name)
        return PartFailed(f"{self.part.name} {what}. The end of {log}:\n{tail or '(empty)'}")
