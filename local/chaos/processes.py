"""The stack's processes: found by their pid files, and what is done to them."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil


def pid_of(run_folder: Path, part: str) -> int | None:
    """The process id of a part that lives, else None."""
    try:
        pid = int((run_folder / f"{part}.pid").read_text())
        return pid if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE else None
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return None


def workers_of(run_folder: Path, host: str) -> dict[int, int]:
    """Partition -> process id of the workers of a host that live."""
    found: dict[int, int] = {}
    for file in sorted(run_folder.glob(f"{host}-worker-*.pid")):
        pid = pid_of(run_folder, file.stem)
        if pid is not None:
            found[int(file.stem.rpartition("-")[2])] = pid
    return found


def tree(pid: int) -> list[int]:
    """A process and all below it, itself first."""
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def ports_of(pids: Sequence[int]) -> frozenset[int]:
    """Their own ends of the connections that they hold."""
    ports: set[int] = set()
    for pid in pids:
        with suppress(psutil.Error):
            ports |= {connection.laddr.port for connection in psutil.Process(pid).net_connections("tcp")}
    return frozenset(ports)


def send(number: signal.Signals, pids: Sequence[int]) -> None:
    """A signal to each that still lives."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def limit_files(pid: int, size: int | None) -> None:
    """No file of the process may grow past `size` bytes: what it writes beyond fails as on a full disk. None: any."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))
