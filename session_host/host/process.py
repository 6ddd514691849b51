"""A worker's process, together with all that it started: one process group."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from shared.processes import bound_to_us

Environment = Callable[[int], Mapping[str, str]]


class Process:
    """Started with a pipe to report through. Its group dies with it, and it dies with this process.

    Nothing here waits in a thread: the kernel tells the event loop of the end through a descriptor.
    """

    def __init__(self, command: Sequence[str], environment: Environment) -> None:
        """Starts `command` with the environment made for the descriptor that it may write to. Raises OSError."""
        self.reports, ours = os.pipe()
        try:
            self._popen = subprocess.Popen(
                bound_to_us(command),
                env=environment(ours),
                pass_fds=(ours,),
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
            self._end = os.pidfd_open(self._popen.pid)
        except BaseException:
            os.close(self.reports)
            raise
        finally:
            os.close(ours)

    @property
    def pid(self) -> int:
        return self._popen.pid

    def terminate(self) -> None:
        """Asks the process, not what it started, to end."""
        self._signal(os.kill, signal.SIGTERM)

    def kill(self) -> None:
        """Ends the whole group at once. Harmless when it has ended."""
        self._signal(os.killpg, signal.SIGKILL)

    async def wait(self) -> int:
        """Its exit code (negative: a signal), once it has ended and what it left behind was killed."""
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._end, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._end)
            self._reap()
        return self._popen.returncode

    def _signal(self, send: Callable[[int, int], None], number: int) -> None:
        if self._popen.returncode is None:  # until it is reaped nothing else can have its id
            with suppress(ProcessLookupError):
                send(self.pid, number)

    def _reap(self) -> None:
        self.kill()
        self._popen.wait()
        os.close(self._end)
