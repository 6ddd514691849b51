"""How much CPU this process and its children use, and how much they may: in cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

QUOTA = Path("/sys/fs/cgroup/cpu.max")


def limit(quota: Path = QUOTA) -> float:
    """The cores that this process may run on, or less where its control group has a quota."""
    cores = float(len(os.sched_getaffinity(0)))
    try:
        allowed, _, period = quota.read_text().strip().partition(" ")
        return min(cores, int(allowed) / int(period))
    except (OSError, ValueError):  # no such control group, or "max"
        return cores


def spent() -> dict[int, float]:
    """Seconds of CPU by process: this one and everything below it."""
    this = psutil.Process()
    return {process.pid: _seconds(process) for process in [this, *this.children(recursive=True)]}


class CpuUse:
    """The average since the last look; a process that ended in between takes its last seconds along."""

    def __init__(self, monotonic: Callable[[], float], seconds: Callable[[], Mapping[int, float]] = spent) -> None:
        self._monotonic = monotonic
        self._seconds = seconds
        self._before, self._at = seconds(), monotonic()

    def look(self) -> float:
        """Cores in use, on average since the last look."""
        now, at = self._seconds(), self._monotonic()
        used = sum(max(0.0, seconds - self._before.get(pid, 0.0)) for pid, seconds in now.items())
        passed, self._before, self._at = at - self._at, now, at
        return round(used / passed, 3) if passed > 0 else 0.0


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0  # it ended meanwhile
    return float(times.user + times.system)
