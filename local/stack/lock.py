"""One stack per data folder.

The lock is a file lock that every part inherits, so it is held until the last process of a stack has ended, even
when its supervisor was killed.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Self

import psutil

POLL_S = 0.1


class AlreadyRuns(Exception):
    """Another stack holds the folder; the text says which process."""


class StackLock:
    """A held lock. `fd` is to be passed on to every part."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    @classmethod
    def take(cls, path: Path, wait_s: float = 30.0) -> Self:
        """Takes the lock. While parts of a killed stack are still ending, waits for them. Raises AlreadyRuns."""
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + wait_s
        while not _try(fd):
            holder = _holder(fd)
            if _alive(holder) or time.monotonic() > deadline:
                os.close(fd)
                raise AlreadyRuns(f"HiveWP already runs on {path.parent} (process {holder or 'unknown'})")
            time.sleep(POLL_S)
        os.ftruncate(fd, 0)
        os.pwrite(fd, str(os.getpid()).encode(), 0)
        return cls(fd)

    def release(self) -> None:
        """Lets go; parts that still run keep it."""
        os.close(self.fd)


def is_held(path: Path) -> bool:
    """Whether a stack, or what is left of one, runs in the folder of this lock."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)  # gone again with the descriptor; who takes the lock tries on
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def _try(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(fd: int) -> int | None:
    text = os.pread(fd, 20, 0)
    return int(text) if text.isdigit() else None


def _alive(pid: int | None) -> bool:
    if pid is None:
        return False
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
