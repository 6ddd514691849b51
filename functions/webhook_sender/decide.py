"""Step 5: what an attempt's outcome means. Pure.

attempt n -> 2xx: Delivered
         \\-> anything else: Retry after SCHEDULE_S[n], or Dead when the schedule is used up
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.models.webhook import Attempt

SCHEDULE_S = (1.0, 2.0, 4.0, 30.0, 300.0, 1800.0, 7200.0, 21_600.0, 43_200.0)
SPREAD = 0.1  # a retry comes up to this much later, so that those of one outage do not all come at once


@dataclass(frozen=True, slots=True)
class Delivered:
    """The endpoint has it."""


@dataclass(frozen=True, slots=True)
class Retry:
    """The next attempt is due in `after_s` seconds."""

    after_s: float


@dataclass(frozen=True, slots=True)
class Dead:
    """No attempt is left."""


Verdict = Delivered | Retry | Dead


def decide(outcome: Attempt, number: int, schedule: Sequence[float], jitter: float) -> Verdict:
    """The verdict on attempt `number` (from 0). `jitter`: 0 to 1."""
    if outcome.status is not None and 200 <= outcome.status < 300:
        return Delivered()
    if number >= len(schedule):
        return Dead()
    return Retry(schedule[number] * (1 + SPREAD * jitter))
