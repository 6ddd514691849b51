"""What a worker tells its supervisor, as JSON lines on a pipe: how far its start is, and how it is.

It never waits for the supervisor to read; what finds no room is lost.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from session_host.whatsapp.port import Wear
from shared.models.host import WorkerReport

EVERY_S = 10.0
AT_MOST_EVERY_S = 0.25  # others wait to hear that the sessions of a partition are connected
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Reporter:
    """Writes reports to a file descriptor: when something changed (four times a second at most), and every 10 s."""

    def __init__(
        self,
        partition: int,
        descriptor: int,
        states: Callable[[], dict[str, int]],
        wear: Callable[[], Wear],
        oldest: Callable[[], float],
    ) -> None:
        self._partition = partition
        self._descriptor = descriptor
        self._states = states
        self._wear = wear
        self._oldest = oldest
        self._ready = False
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """Something that is reported is different now."""
        self._changed.set()

    def ready(self) -> None:
        """All instances of the partition are taken up."""
        say(self._descriptor, {"ready": True})
        self._ready = True
        self.changed()

    async def run(self) -> None:
        """Reports until cancelled."""
        while True:
            self._changed.clear()
            report = measure(self._partition, self._states(), self._wear(), self._oldest(), ready=self._ready)
            say(self._descriptor, asdict(report))
            await asyncio.sleep(AT_MOST_EVERY_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S - AT_MOST_EVERY_S):
                    await self._changed.wait()


def say(descriptor: int, message: dict[str, Any]) -> None:
    """Writes a line."""
    os.set_blocking(descriptor, False)
    with suppress(BlockingIOError, BrokenPipeError):  # the supervisor hangs, or is gone and we with it in a moment
        os.write(descriptor, json.dumps(message).encode() + b"\n")


def resident() -> int:
    """The resident memory of this process in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES


def measure(partition: int, states: dict[str, int], wear: Wear, oldest: float, *, ready: bool) -> WorkerReport:
    """This process as it is now; `oldest`: when its oldest command was queued (unix seconds), 0 without any."""
    threads = sum(1 for _ in Path("/proc/self/task").iterdir())
    descriptors = sum(1 for _ in Path("/proc/self/fd").iterdir())
    return WorkerReport(
        *(partition, os.getpid(), states, resident(), threads, descriptors),
        ended=wear.ended,
        stuck=wear.stuck,
        oldest_command=int(oldest),
        ready=ready,
    )
