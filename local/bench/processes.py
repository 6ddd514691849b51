"""The stack's processes, found by their pid files, and what they take: resident memory and CPU, by part."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import psutil


def pid_of(run_folder: Path, part: str) -> int | None:
    """The process id of a part that lives, else None."""
    try:
        pid = int((run_folder / f"{part}.pid").read_text())
        return pid if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE else None
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return None


def tree(pid: int) -> list[int]:
    """A process and all below it, itself first; empty when it is gone."""
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def parts(run_folder: Path) -> dict[str, int]:
    """The process ids of the stack's parts that live. Workers are children of their host and counted with it."""
    names = (file.stem for file in sorted(run_folder.glob("*.pid")) if "-worker-" not in file.stem)
    return {name: pid for name in names if (pid := pid_of(run_folder, name)) is not None}


def _sum(pid: int, value: Callable[[psutil.Process], float]) -> float:
    total = 0.0
    for one in tree(pid):
        try:
            total += value(psutil.Process(one))
        except psutil.NoSuchProcess:  # it ended while we looked
            continue
    return total


def memory_mb(run_folder: Path) -> dict[str, float]:
    """Resident memory of each part and its children, in MB."""
    sizes = {name: _sum(pid, lambda one: one.memory_info().rss) for name, pid in parts(run_folder).items()}
    return {name: round(size / 1e6, 1) for name, size in sizes.items()}


def cpu_seconds(run_folder: Path) -> dict[str, float]:
    """CPU time each part and its children have used so far, in seconds."""

    def used(one: psutil.Process) -> float:
        times = one.cpu_times()
        return times.user + times.system

    return {name: _sum(pid, used) for name, pid in parts(run_folder).items()}


async def cpu_percent(run_folder: Path, seconds: float) -> dict[str, float]:
    """How much of a core each part used over the next `seconds`, in percent."""
    before = cpu_seconds(run_folder)
    await asyncio.sleep(seconds)
    after = cpu_seconds(run_folder)
    return {name: round(100 * (after[name] - before.get(name, 0.0)) / seconds, 2) for name in after}
