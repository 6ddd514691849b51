"""What is done to the stack's processes, and which connections they hold."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from local.bench.processes import pid_of


def workers_of(run_folder: Path, host: str) -> dict[int, int]:
    """Partition -> process id of the workers of a host that live."""
    found: dict[int, int] = {}
    for file in sorted(run_folder.glob(f"{host}-worker-*.pid")):
        pid = pid_of(run_folder, file.stem)
        if pid is not None:
            found[int(file.stem.rpartition("-")[2])] = pid
    return found


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
