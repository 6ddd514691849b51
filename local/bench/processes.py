"""What the stack's processes take: resident memory and CPU, by part."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import psutil


def parts(run_folder: Path) -> dict[str, psutil.Process]:
    """The stack's processes by their pid files. Workers are children of their host and counted with it."""
    found: dict[str, psutil.Process] = {}
    for file in sorted(run_folder.glob("*.pid")):
        if "-worker-" not in file.stem and psutil.pid_exists(pid := int(file.read_text())):
            found[file.stem] = psutil.Process(pid)
    return found


def _tree(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _sum(process: psutil.Process, value: Callable[[psutil.Process], float]) -> float:
    total = 0.0
    for one in _tree(process):
        try:
            total += value(one)
        except psutil.NoSuchProcess:  # it ended while we looked
            continue
    return total


def memory_mb(run_folder: Path) -> dict[str, float]:
    """Resident memory of each part and its children, in MB."""
    sizes = {name: _sum(process, lambda one: one.memory_info().rss) for name, process in parts(run_folder).items()}
    return {name: round(size / 1e6, 1) for name, size in sizes.items()}


def cpu_seconds(run_folder: Path) -> dict[str, float]:
    """CPU time each part and its children have used so far, in seconds."""

    def used(one: psutil.Process) -> float:
        times = one.cpu_times()
        return times.user + times.system

    return {name: _sum(process, used) for name, process in parts(run_folder).items()}


async def cpu_percent(run_folder: Path, seconds: float) -> dict[str, float]:
    """How much of a core each part used over the next `seconds`, in percent."""
    before = cpu_seconds(run_folder)
    await asyncio.sleep(seconds)
    after = cpu_seconds(run_folder)
    return {name: round(100 * (after[name] - before.get(name, 0.0)) / seconds, 2) for name in after}
