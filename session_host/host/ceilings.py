"""What a worker may use before it is replaced by a fresh one. The native library keeps some of what each session took.

A worker that was replaced lately is left alone for a while, so that a ceiling which is simply too low for its sessions
does no more harm than that; unless it has gone far beyond.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from shared.models.host import WorkerReport

LEAST_AGE_S = 600.0
URGENT_AGE_S = 60.0
URGENT = 1.5  # times the ceiling


@dataclass(frozen=True, slots=True)
class Ceilings:
    """Memory in bytes; `ended`: sessions that have come and gone, `stuck`: those that the library did not let go."""

    memory: int
    descriptors: int
    threads: int
    ended: int
    stuck: int

    def passed(self, report: WorkerReport, age: float) -> str | None:
        """What a worker of that age (seconds) has too much of, if it is time to do something about it."""
        for one in fields(self):
            used, most = getattr(report, one.name), getattr(self, one.name)
            if used > most and age >= (URGENT_AGE_S if used > URGENT * most else LEAST_AGE_S):
                return f"{one.name} {used} of {most}"
        return None
