"""One partition's worker, kept running for as long as the lease is held.

    started ---> ready ---> ended by itself ---> waiting ---> started
       |           |             | exit code 3      |            |
       |           +--- worn: drained, replaced ----|------------+
       +-----------+--- drained, killed or fenced --+---> gone

Exit codes: 0 drained, 3 its writes were refused because a later epoch exists (fenced), -14 (SIGALRM) it did not hear in
time that its lease goes on; a fault of the native library is told apart from the rest in suspects.py.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path

from session_host.host.attended import Attended, Ending
from session_host.host.reports import Ready, Said, Warm
from session_host.host.standbys import Program, Standbys
from session_host.host.suspects import Suspects, is_crash
from session_host.orders import Assignment, Extension
from session_host.until import until
from shared.models.host import Lease, WorkerReport

EXIT_FENCED = 3
OWN_ALARM = -signal.SIGALRM

_log = logging.getLogger(__name__)


class End(Enum):
    """Why a worker is gone."""

    DRAINED = "drained"
    KILLED = "killed"
    FENCED = "fenced"


class Worker:
    """`report` is its last one while it runs; `changed` is called whenever it is another. `restarts` counts the times
    that it ended although nobody wanted it to.

    It may live until `alive_until` (monotonic), and ends itself then unless `extend` has told it of a later moment.
    """

    def __init__(
        self, lease: Lease, alive_until: float, program: Program, standbys: Standbys, changed: Callable[[], None]
    ) -> None:
        self.lease = lease
        self.report: WorkerReport | None = None
        self.restarts = 0
        self.gone = asyncio.Event()
        self._alive_until = alive_until
        self._program = program
        self._standbys = standbys
        self._changed = changed
        self._suspects = Suspects()
        self._backoff = program.backoff()
        self._attended: Attended | None = None
        self._begun = asyncio.Event()  # set while a process has its work, and when there will be none any more
        self._started = 0.0
        self._replacing = False
        self._end: End | None = None
        self._ending = asyncio.Event()

    @property
    def age(self) -> float:
        """How many seconds its process has been working."""
        return time.monotonic() - self._started

    async def run(self) -> End:
        """Starts it, again and again, until it is drained, killed or fenced."""
        try:
            while self._end is None:
                self._started = time.monotonic()
                self._replacing = False
                what = await self._run_once()
                await self._pause(what)
            return self._end
        finally:
            self.gone.set()
            self._begun.set()

    def extend(self, alive_until: float) -> None:
        """Its lease was renewed."""
        if alive_until != self._alive_until:
            self._alive_until = alive_until
            if self._attended:
                self._attended.process.tell(Extension(alive_until))

    async def drain(self) -> None:
        """Asks it to end in good order, kills it when that takes too long; returns when it is gone."""
        self._stop(End.DRAINED)
        if self._attended:
            self._attended.process.terminate()
        try:
            await asyncio.wait_for(self.gone.wait(), self._program.drain_s)
        except TimeoutError:
            _log.error("Worker %d has not drained in %g s", self.lease.partition, self._program.drain_s)
            self.kill()
            await self.gone.wait()

    async def replace(self, why: str) -> None:
        """Lets a fresh process take over from one that is worn; returns when that one has its work."""
        worn = self._attended
        if worn is None or self._end is not None:
            return
        _log.info("Worker %d is replaced by a fresh process: %s", self.lease.partition, why)
        self._replacing = True
        self._begun.clear()
        worn.process.terminate()
        await asyncio.wait({worn.ended}, timeout=self._program.drain_s)
        worn.process.kill()
        await self._begun.wait()

    def kill(self) -> None:
        """Ends it and all that it started at once."""
        self._stop(End.KILLED)
        if self._attended:
            self._attended.process.kill()

    def _stop(self, end: End) -> None:
        self._end = end
        self._ending.set()

    async def _run_once(self) -> str:
        """Runs it until it ends; returns what happened, for the log."""
        try:
            attended = self._standbys.take()
        except OSError as error:
            return f"could not be started: {error}"
        try:
            ending = await self._attend(attended)
        finally:
            attended.process.kill()
            self._attended = None
            self._say(None)
        if ending.code == EXIT_FENCED and self._end is None:
            self._end = End.FENCED
        return self._judge(ending)

    async def _attend(self, attended: Attended) -> Ending:
        """Gives it its work and waits for its end."""
        now = time.monotonic()
        self._attended = attended
        attended.on_said = self._hear
        with _pid_file(self._program.pid_file(self.lease.partition), attended.process.pid):
            cautious, first = self._suspects.cautious(now), self._suspects.first()
            attended.process.tell(Assignment(self.lease, self._alive_until, cautious, first, self._suspects.aside))
            self._begun.set()
            return await asyncio.shield(attended.ended)

    def _judge(self, ending: Ending) -> str:
        if ending.code == OWN_ALARM:
            return "was not told in time that its lease goes on, and ended itself"
        if not is_crash(ending.code):
            return f"ended with {ending.code}"
        if culprit := self._suspects.crashed(ending.noted, time.monotonic()):
            _log.error("%s is set aside: it was there each time that worker %d crashed", culprit, self.lease.partition)
            self._backoff.start_over()
        return f"crashed ({ending.code}) with {len(ending.noted)} instances in the library's hands"

    def _hear(self, said: Said) -> None:
        match said:
            case WorkerReport():
                self._say(said)
            case Ready():
                self._suspects.settled()
                _log.info("Worker %d is ready after %.1f s", self.lease.partition, self.age)
            case Warm():
                pass

    def _say(self, report: WorkerReport | None) -> None:
        if report != self.report:
            self.report = report
            self._changed()

    async def _pause(self, what: str) -> None:
        if self._replacing or self._end is not None:
            return
        self.restarts += 1
        seconds = self._backoff.after(self.age)
        _log.error("Worker %d %s; it starts again in %g s", self.lease.partition, what, seconds)
        await until(self._ending, seconds)


@contextmanager
def _pid_file(file: Path | None, pid: int) -> Iterator[None]:
    if file is None:
        yield
        return
    try:
        file.write_text(f"{pid}\n")
    except OSError as error:  # it is for people and tools alone
        _log.warning("The pid file %s cannot be written: %s", file.name, error.strerror)
    try:
        yield
    finally:
        with suppress(OSError):
            file.unlink(missing_ok=True)
