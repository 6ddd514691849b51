"""Worker processes that stand by: everything is imported, the native library is loaded, only the work is missing.

A start takes a second or more of a core, which sessions would spend without service. A standby costs some 40 MB of its
own, so there are only as many as will soon be needed: for the partitions that a host is about to get, and for a worker
that is about to be replaced.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from session_host.host.attended import Attended
from session_host.host.backoff import Backoff
from session_host.host.reports import Said
from session_host.settings import Channels, worker_variables

AT_ONCE = 2  # that warm up side by side; more would take the cores from the workers that serve

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Program:
    """What workers run: the command, the environment of all of them, and where pid files go (prefix of their path)."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    host_id: str
    pid_files: str | None = None
    drain_s: float = 35.0  # with the notice before it, a host that is told to stop is done within a minute
    backoff: Callable[[], Backoff] = Backoff

    def pid_file(self, partition: int) -> Path | None:
        """The pid file of a partition's worker."""
        return Path(f"{self.pid_files}{partition}.pid") if self.pid_files else None


class Standbys:
    """Processes run as tasks of `group`. `changed` is called when more or fewer are warm."""

    def __init__(self, program: Program, group: asyncio.TaskGroup, changed: Callable[[], None]) -> None:
        self._program = program
        self._group = group
        self._changed = changed
        self._wanted: dict[str, int] = {}
        self._waiting: list[Attended] = []
        self._news = asyncio.Event()
        self._backoff = program.backoff()
        self._not_before = 0.0
        self._closed = False

    @property
    def warm(self) -> int:
        """How many could begin to work at once."""
        return sum(one.warm.is_set() for one in self._waiting)

    def want(self, purpose: str, count: int) -> None:
        """How many are needed for a purpose from now on; what is not needed for any ends."""
        self._wanted[purpose] = count
        self._adjust()

    def take(self) -> Attended:
        """The process that can begin soonest, a fresh one if there is none. Raises OSError."""
        self._waiting.sort(key=lambda one: not one.warm.is_set())
        taken = self._waiting.pop(0) if self._waiting else self._start()
        self._changed()
        return taken

    async def one_warm(self, seconds: float) -> bool:
        """Whether one is warm within that time."""
        try:
            async with asyncio.timeout(seconds):
                while not self.warm and not self._closed:
                    self._news.clear()
                    self._adjust()
                    await self._news.wait()
        except TimeoutError:
            return False
        return self.warm > 0

    def close(self) -> None:
        """No more standbys; those that there are end."""
        self._closed = True
        self._wanted.clear()
        self._adjust()
        self._news.set()

    def _adjust(self) -> None:
        surplus = len(self._waiting) - sum(self._wanted.values())
        for one in sorted(self._waiting, key=lambda one: one.warm.is_set())[: max(0, surplus)]:
            self._waiting.remove(one)
            one.process.kill()
        for _ in range(min(-surplus, AT_ONCE - (len(self._waiting) - self.warm))):
            if time.monotonic() < self._not_before:
                return
            try:
                self._waiting.append(self._start())
            except OSError as error:
                self._failed(f"could not be started: {error}", 0.0)

    def _start(self) -> Attended:
        started = time.monotonic()
        one = Attended(self._program.command, self._environment, self._heard)
        self._group.create_task(self._attend(one, started))
        return one

    async def _attend(self, one: Attended, started: float) -> None:
        await one.run()
        if one in self._waiting:  # nobody took it, and nobody ended it
            self._waiting.remove(one)
            self._failed(f"ended with {one.ended.result().code}", time.monotonic() - started)
            self._changed()

    def _heard(self, _said: Said) -> None:
        self._news.set()
        self._changed()
        self._adjust()  # the next one may warm up

    def _failed(self, what: str, ran: float) -> None:
        wait = self._backoff.after(ran)
        self._not_before = time.monotonic() + wait
        _log.error("A worker process that stood by %s; another one starts in %g s at the earliest", what, wait)

    def _environment(self, channels: Channels) -> dict[str, str]:
        return {**self._program.environment, **worker_variables(self._program.host_id, channels)}
