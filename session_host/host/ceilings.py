"""What a worker may use before it is replaced by a fresh one. The native library keeps some of what each session took.

A worker that was replaced lately is left alone for a while, so that a ceiling which is simply too low for its sessions
does no more harm than that; unless it has gone far beyond. Sessions that end cost little each, and connections that
fail count as such: that alone is never urgent, and no reason at all while most sessions try to connect, which would
only have to begin anew.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from shared.models.host import WorkerReport
from shared.models.instance import InstanceState

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
            urgent = used > URGENT * most and one.name != "ended"
            if one.name == "ended" and _is_cut_off(report):
                continue
            if used > most and age >= (URGENT_AGE_S if urgent else LEAST_AGE_S):
                return f"{one.name} {used} of {most}"
        return None


def _is_cut_off(report: WorkerReport) -> bool:
    """Whether most of the sessions that should be connected are not."""
    trying = report.states.get(InstanceState.CONNECTING, 0) + report.states.get(InstanceState.DISCONNECTED, 0)
    return trying > report.states.get(InstanceState.CONNECTED, 0)
