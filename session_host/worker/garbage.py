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

logger = logging.getLogger(__name__)


async def collect_garbage(command: Command, context: WorkerContext) -> None:
    """Collects, and says what memory was resident before and after; not when nobody waits for the answer any more."""
    if context.clock.unix() > float(command.args["until"]):
        return
    before = resident()
    await asyncio.to_thread(_collect)
    after = resident()
    logger.info("garbage collected: %d bytes resident, %d before", after, before)
    await leave_result(command.id, CommandResult(True, {"before": before, "after": after}), context)


def _collect() -> None:
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's; others have no such thing
    if trim is not None:
        trim(0)
