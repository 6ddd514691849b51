"""Giving memory back that nobody uses: Python's cycles, then what the C library's heap keeps for later.

What the native library's own runtime holds is not among it: that has a collector of its own, which cannot be called.
The collection stops Python for as long as it takes (50 ms with 100 sessions), so it is for operators, not for timers.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import logging

from session_host.worker.context import WorkerContext
from session_host.worker.report import resident
from session_host.worker.results import leave_result
from shared.models.command import Command, CommandResult

GOOD_FOR_S = 10.0  # how long a collection answers those who ask after it

logger = logging.getLogger(__name__)


class Garbage:
    """The collections of one worker: one at a time, and one for all who ask at about the same time."""

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._turn = asyncio.Lock()
        self._last: CommandResult | None = None
        self._ended = 0.0

    async def collect(self, command: Command) -> None:
        """Says what memory was resident before and after; nothing when nobody waits for the answer any more."""
        until = float(command.args["until"])
        async with self._turn:
            if self._context.clock.unix() > until:
                return
            result = await self._result()
        await leave_result(command.id, result, self._context)

    async def _result(self) -> CommandResult:
        clock = self._context.clock
        if self._last is None or clock.monotonic() - self._ended >= GOOD_FOR_S:
            self._last = await _collected()
            self._ended = clock.monotonic()
        return self._last


async def _collected() -> CommandResult:
    before = resident()
    await asyncio.to_thread(_collect)
    after = resident()
    logger.info("garbage collected: %d bytes resident, %d before", after, before)
    return CommandResult(True, {"before": before, "after": after})


def _collect() -> None:
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's; others have no such thing
    if trim is not None:
        trim(0)
