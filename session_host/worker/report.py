"""What a worker tells its supervisor, as JSON lines on a pipe: that it is ready, and how it is."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from shared.models.host import WorkerReport

EVERY_S = 10.0
AT_MOST_EVERY_S = 1.0
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Reporter:
    """Writes reports to a file descriptor: when something changed (once a second at most), and every 10 s."""

    def __init__(self, partition: int, descriptor: int, states: Callable[[], dict[str, int]]) -> None:
        self._partition = partition
        self._descriptor = descriptor
        self._states = states
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """Something that is reported is different now."""
        self._changed.set()

    def ready(self) -> None:
        """All instances of the partition are taken up."""
        self._write({"ready": True})

    async def run(self) -> None:
        """Reports until cancelled."""
        while True:
            self._changed.clear()
            self._write(asdict(measure(self._partition, self._states())))
            await asyncio.sleep(AT_MOST_EVERY_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S - AT_MOST_EVERY_S):
                    await self._changed.wait()

    def _write(self, message: dict[str, Any]) -> None:
        with suppress(BrokenPipeError):  # the supervisor is gone, and this process with it in a moment
            os.write(self._descriptor, json.dumps(message).encode() + b"\n")


def measure(partition: int, states: dict[str, int]) -> WorkerReport:
    """This process as it is now."""
    resident_pages = int(Path("/proc/self/statm").read_text().split()[1])
    threads = sum(1 for _ in Path("/proc/self/task").iterdir())
    descriptors = sum(1 for _ in Path("/proc/self/fd").iterdir())
    return WorkerReport(partition, os.getpid(), states, resident_pages * PAGE_BYTES, threads, descriptors)
