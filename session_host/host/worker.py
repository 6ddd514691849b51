"""One partition's worker, kept running for as long as the lease is held.

    started ---> ready ---> ended by itself ---> waiting ---> started
       |           |             | exit code 3      |
       +-----------+--- drained, killed or fenced --+---> gone

Exit codes: 0 drained, 3 its writes were refused because a later epoch exists (fenced), anything else a crash.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from session_host.host.backoff import Backoff
from session_host.host.process import Process
from session_host.host.reports import Ready, read_reports
from session_host.settings import worker_variables
from session_host.until import until
from shared.models.host import Lease, WorkerReport

EXIT_FENCED = 3

_log = logging.getLogger(__name__)


class End(Enum):
    """Why a worker is gone."""

    DRAINED = "drained"
    KILLED = "killed"
    FENCED = "fenced"


@dataclass(frozen=True, slots=True)
class Program:
    """What workers run: the command, the environment of all of them, and where pid files go (prefix of their path)."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    host_id: str
    pid_files: str | None = None
    drain_s: float = 50.0
    backoff: Callable[[], Backoff] = Backoff


class Worker:
    """`report` is its last one while it runs; `changed` is called whenever it is another."""

    def __init__(self, lease: Lease, program: Program, changed: Callable[[], None]) -> None:
        self.lease = lease
        self.report: WorkerReport | None = None
        self.gone = asyncio.Event()
        self._program = program
        self._changed = changed
        self._process: Process | None = None
        self._end: End | None = None
        self._ending = asyncio.Event()

    async def run(self) -> End:
        """Starts it, again and again, until it is drained, killed or fenced."""
        backoff = self._program.backoff()
        try:
            while self._end is None:
                started = time.monotonic()
                what = await self._run_once()
                if self._end is None:
                    await self._wait(what, backoff.after(time.monotonic() - started))
            return self._end
        finally:
            self.gone.set()

    async def drain(self) -> None:
        """Asks it to end in good order, kills it when that takes too long; returns when it is gone."""
        self._stop(End.DRAINED)
        if self._process:
            self._process.terminate()
        try:
            await asyncio.wait_for(self.gone.wait(), self._program.drain_s)
        except TimeoutError:
            _log.error("Worker %d has not drained in %g s", self.lease.partition, self._program.drain_s)
            self.kill()
            await self.gone.wait()

    def kill(self) -> None:
        """Ends it and all that it started at once."""
        self._stop(End.KILLED)
        if self._process:
            self._process.kill()

    def _stop(self, end: End) -> None:
        self._end = end
        self._ending.set()

    async def _run_once(self) -> str:
        """Runs it until it ends; returns what happened, for the log."""
        try:
            process = self._process = Process(self._program.command, self._environment)
        except OSError as error:
            return f"could not be started: {error}"
        try:
            with _pid_file(self._program.pid_files, self.lease.partition, process.pid):
                code = await self._attend(process)
        finally:
            self._process = None
            self._say(None)
        if code == EXIT_FENCED and self._end is None:
            self._end = End.FENCED
        return f"ended with {code}"

    async def _attend(self, process: Process) -> int:
        """Listens to it until it ends; returns its exit code."""
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(self._listen(process))
            code = await process.wait()
            listening.cancel()
        return code

    async def _listen(self, process: Process) -> None:
        async with aclosing(read_reports(process.reports)) as reports:
            async for report in reports:
                if isinstance(report, Ready):
                    _log.info("Worker %d is ready", self.lease.partition)
                else:
                    self._say(report)

    def _say(self, report: WorkerReport | None) -> None:
        if report != self.report:
            self.report = report
            self._changed()

    def _environment(self, report_fd: int) -> dict[str, str]:
        return {**self._program.environment, **worker_variables(self._program.host_id, self.lease, report_fd)}

    async def _wait(self, what: str, seconds: float) -> None:
        _log.error("Worker %d %s; it starts again in %g s", self.lease.partition, what, seconds)
        await until(self._ending, seconds)


@contextmanager
def _pid_file(prefix: str | None, partition: int, pid: int) -> Iterator[None]:
    if prefix is None:
        yield
        return
    file = Path(f"{prefix}{partition}.pid")
    file.write_text(f"{pid}\n")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)
