"""What processes take over time, and whether it grows.

A process goes by its pid file's name (`host-1`, `host-1-worker-0`), whichever process that is at the moment. The whole
of a host, with what it starts beside its workers, is added under `host-1-all`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from local.bench.processes import pid_of, tree

MEASURES = ("rss_mb", "pss_mb", "descriptors", "threads")
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6
TENTHS = 10


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at one process: seconds since the start, and a value per measure."""

    at: float
    pid: int
    values: Mapping[str, float]


@dataclass(slots=True)
class Record:
    """All samples of a run, by name."""

    samples: dict[str, list[Sample]] = field(default_factory=dict)

    def look(self, run_folder: Path, at: float) -> None:
        """Measures every process that is there now."""
        for file in run_folder.glob("*.pid"):
            if not (pid := pid_of(run_folder, file.stem)):
                continue
            self._add(file.stem, at, pid, [pid])
            if file.stem.startswith("host-") and "-worker-" not in file.stem:
                self._add(f"{file.stem}-all", at, pid, tree(pid))

    def report(self) -> dict[str, Any]:
        """Per name: how many processes there were, and each measure's figures."""
        return {name: _figures(samples) for name, samples in sorted(self.samples.items())}

    def newest(self, measure: str) -> dict[str, float]:
        """The last value of each."""
        return {name: samples[-1].values[measure] for name, samples in sorted(self.samples.items())}

    def _add(self, name: str, at: float, pid: int, pids: Sequence[int]) -> None:
        measured = [values for each in pids if (values := measure(each))]
        if measured:
            total = {key: sum(values[key] for values in measured) for key in MEASURES}
            self.samples.setdefault(name, []).append(Sample(at, pid, total))


def measure(pid: int) -> dict[str, float] | None:
    """One process as it is now; None when it is gone."""
    folder = Path("/proc") / str(pid)
    try:
        resident = int((folder / "statm").read_text().split()[1]) * PAGE_MB
        rollup = (folder / "smaps_rollup").read_text()
        shared_out = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        return {
            "rss_mb": resident,
            "pss_mb": shared_out / 1000,
            "descriptors": sum(1 for _ in (folder / "fd").iterdir()),
            "threads": sum(1 for _ in (folder / "task").iterdir()),
        }
    except (FileNotFoundError, ProcessLookupError, StopIteration):
        return None


def growth(points: Sequence[tuple[float, float]]) -> dict[str, float]:
    """Figures of (seconds, value) points, of which there is at least one.

    `before`: the median of the tenth after warm-up (the first tenth, which is left out). `after`: that of the last.
    """
    end = points[-1][0]
    warm = [point for point in points if point[0] >= end / TENTHS] or list(points)
    before = median(value for at, value in warm if at <= max(warm[0][0], 2 * end / TENTHS))
    after = median(value for at, value in warm if at >= end - end / TENTHS)
    return {
        "before": round(before, 1),
        "after": round(after, 1),
        "change_percent": round(100 * (after - before) / before, 1) if before else 0.0,
        "peak": round(max(value for _, value in points), 1),
        "slope_per_hour": round(3600 * _slope(warm), 1),
    }


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the straight line that fits best."""
    x = sum(at for at, _ in points) / len(points)
    y = sum(value for _, value in points) / len(points)
    spread = sum((at - x) ** 2 for at, _ in points)
    return sum((at - x) * (value - y) for at, value in points) / spread if spread else 0.0


def _figures(samples: Sequence[Sample]) -> dict[str, Any]:
    figures: dict[str, Any] = {"processes": len({sample.pid for sample in samples}), "samples": len(samples)}
    return figures | {name: growth([(each.at, each.values[name]) for each in samples]) for name in MEASURES}
