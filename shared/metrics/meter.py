"""Where a process collects its figures until they are handed over."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from shared.metrics.catalog import OTHER_HALF
from shared.metrics.emf import encode
from shared.metrics.metric import Metric


def _to_stdout(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()  # a process that is killed takes along what its buffer holds


class Meter:
    """Sums and keeps until `flush`. Without a `write` it is off and holds nothing. For one thread (one event loop)."""

    def __init__(
        self, deployment: str, write: Callable[[str], None] | None = None, now: Callable[[], float] = time.time
    ) -> None:
        self._deployment = deployment
        self._write = write
        self._now = now
        self._values: dict[Metric, list[float]] = {}

    @classmethod
    def of(cls, mode: str, deployment: str, now: Callable[[], float] = time.time) -> Meter:
        """The meter of a process: `mode` is HIVEWP_METRICS, `deployment` the prefix of the deployment's names."""
        return cls(deployment, _to_stdout if mode == "emf" else None, now)

    @classmethod
    def off(cls) -> Meter:
        """One that nobody listens to."""
        return cls("")

    @property
    def on(self) -> bool:
        """Whether anybody listens: who must ask the store for a figure can spare it else."""
        return self._write is not None

    def add(self, metric: Metric, amount: float = 1) -> None:
        """Counts on; an amount of 0 is nothing to tell. The other half of a share (OTHER_HALF) is told with it."""
        if self._write and amount:
            held = self._values.setdefault(metric, [0])
            held[0] += amount
            if metric in OTHER_HALF:
                self._values.setdefault(OTHER_HALF[metric], [0])

    def observe(self, metric: Metric, value: float) -> None:
        """Keeps a value beside those before it. The last of a gauge before each flush is enough."""
        if self._write:
            self._values.setdefault(metric, []).append(value)

    def flush(self) -> None:
        """Hands everything over, as one write of whole lines."""
        if self._write and self._values:
            values, self._values = self._values, {}
            self._write("".join(f"{line}\n" for line in encode(self._deployment, values, self._now())))
