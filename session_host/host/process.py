"""A worker's process, together with all that it started: one process group."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress

from session_host import board
from session_host.host.stray import Stray
from session_host.orders import Order, encode
from session_host.settings import Channels
from session_host.stderr import LOG_FD
from shared.processes import bound_to_us

Environment = Callable[[Channels], Mapping[str, str]]


class Process:
    """Started with its channels. Its group dies with it, and it dies with this process.

    Nothing here waits: not in a thread (the kernel tells the event loop of the end through a descriptor), and not for
    the process to read what it is told (a pipe that is full means that it has been hanging for long).
    """

    def __init__(self, command: Sequence[str], environment: Environment) -> None:
        """Starts `command` with the environment made for the channels that it inherits. Raises OSError."""
        with ExitStack() as theirs, ExitStack() as ours:  # each closed at the end of the block, ours if it fails
            self.reports, reports = os.pipe()
            ours.callback(_close, self.reports)
            theirs.callback(_close, reports)
            orders, self._orders = os.pipe()
            ours.callback(_close, self._orders)
            theirs.callback(_close, orders)
            self._board = board.create()
            ours.callback(_close, self._board)
            printed, stderr = os.pipe()
            ours.callback(_close, printed)
            theirs.callback(_close, stderr)
            log = os.dup(2)
            theirs.callback(_close, log)
            self._stray = Stray(printed)
            os.set_blocking(self._orders, False)
            self._popen = subprocess.Popen(
                bound_to_us(command),
                env={**environment(Channels(reports, orders, self._board)), LOG_FD: str(log)},
                pass_fds=(reports, orders, self._board, log),
                stdin=subprocess.DEVNULL,
                stderr=stderr,
                start_new_session=True,
            )
            ours.callback(self._abandon)
            self._end = os.pidfd_open(self._popen.pid)
            ours.pop_all()

    @property
    def pid(self) -> int:
        return self._popen.pid

    def tell(self, order: Order) -> None:
        """Writes an order; one that nobody reads is lost."""
        if self._popen.returncode is None:
            with suppress(BlockingIOError, BrokenPipeError):
                os.write(self._orders, encode(order))

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
        loop.add_reader(self._stray.descriptor, self._hear_stray)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._end)
            loop.remove_reader(self._stray.descriptor)
            self._reap()
        return self._popen.returncode

    def take_notes(self) -> frozenset[str]:
        """What was on the board when it ended; once."""
        noted = board.read(self._board)
        _close(self._board)
        return noted

    def _signal(self, send: Callable[[int, int], None], number: int) -> None:
        if self._popen.returncode is None:  # until it is reaped nothing else can have its id
            with suppress(ProcessLookupError):
                send(self.pid, number)

    def _abandon(self) -> None:
        self.kill()
        self._popen.wait()

    def _reap(self) -> None:
        self._abandon()
        _close(self._end, self._orders)
        self._stray.end(self.pid)

    def _hear_stray(self) -> None:
        if self._stray.hear(self.pid) == 0:  # nobody has it open any more, which would be told again and again
            asyncio.get_running_loop().remove_reader(self._stray.descriptor)


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
