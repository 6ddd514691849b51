"""A pairing process as the desk sees it: lines in, lines out, and an end that is waited for."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Mapping, Sequence

from session_host.stderr import log_descriptors
from session_host.whatsapp.pairing.lines import Line, LineError, decode, encode
from shared.processes import bound_to_us

COMMAND = (sys.executable, "-m", "session_host.whatsapp.pairing")
ENDS_WITHIN_S = 5.0

_log = logging.getLogger(__name__)


class Process:
    """Lines may be sent at once; they wait until it is up. `on_line` gets what it tells."""

    def __init__(
        self,
        environment: Mapping[str, str],
        on_line: Callable[[Line], None],
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._environment = environment
        self._command = command
        self._on_line = on_line
        self._process: asyncio.subprocess.Process | None = None
        self._early: list[Line] = []
        self._finishing = False
        self._gone = asyncio.Event()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def send(self, line: Line) -> None:
        """Does nothing when the process is gone; `run` tells that."""
        if self._process is None:
            self._early.append(line)
        elif self._process.stdin and not self._process.stdin.is_closing():
            self._process.stdin.write(encode(line))

    async def run(self) -> int:
        """Starts it and reads until it ends; gives its exit status, -1 when it could not be started."""
        try:
            return await self._run()
        except OSError:
            _log.exception("a pairing process could not be started")
            return -1
        finally:
            self._gone.set()

    async def finish(self) -> None:
        """Closes its input, on which it ends; kills it when it hangs. Returns when it is gone."""
        self._finishing = True
        self._close_input()
        try:
            await asyncio.wait_for(self._gone.wait(), ENDS_WITHIN_S)
        except TimeoutError:
            _log.warning("pairing process %s hangs and is killed", self.pid)
            self.kill()
            await self._gone.wait()

    def kill(self) -> None:
        """At once."""
        if self._process and self._process.returncode is None:
            self._process.kill()

    async def _run(self) -> int:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *bound_to_us(self._command),
            env=dict(self._environment),
            stdin=pipe,
            stdout=pipe,
            pass_fds=log_descriptors(self._environment),
        )
        self._process = process
        early, self._early = self._early, []
        for line in early:
            self.send(line)
        if self._finishing:
            self._close_input()
        assert process.stdout is not None  # noqa: S101 - it was started with a pipe
        while data := await process.stdout.readline():
            self._tell(data)
        return await process.wait()

    def _close_input(self) -> None:
        if self._process and self._process.stdin:
            self._process.stdin.close()

    def _tell(self, data: bytes) -> None:
        try:
            line = decode(data)
        except LineError:
            _log.warning("pairing process %s: a line that is none", self.pid)
        else:
            self._on_line(line)
