"""How much memory this process and its children use, and how much they may."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")


def used() -> int:
    """Resident bytes of this process and everything below it; pages that several share count for each."""
    this = psutil.Process()
    return sum(_resident(process) for process in [this, *this.children(recursive=True)])


def limit(cgroups: Path = CGROUPS, own: Path = OWN_CGROUPS) -> int:
    """The least of the machine's memory and the limits of the control groups this process is in, in bytes."""
    machine = int(psutil.virtual_memory().total)
    return min([machine, *_limits(cgroups, own)])


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0  # it ended meanwhile


def _limits(cgroups: Path, own: Path) -> Iterator[int]:
    for file in _limit_files(cgroups, own):
        try:
            text = file.read_text().strip()
        except OSError:
            continue  # not this version of control groups, or seen from inside a container
        if text.isdecimal():  # else "max"
            yield int(text)


def _limit_files(cgroups: Path, own: Path) -> Iterator[Path]:
    yield cgroups / "memory.max"
    yield cgroups / "memory" / "memory.limit_in_bytes"
    try:
        entries = own.read_text().splitlines()
    except OSError:
        return
    for entry in entries:
        _, controllers, path = entry.split(":", 2)
        if controllers == "":
            yield cgroups / path.lstrip("/") / "memory.max"
        if "memory" in controllers.split(","):
            yield cgroups / "memory" / path.lstrip("/") / "memory.limit_in_bytes"
