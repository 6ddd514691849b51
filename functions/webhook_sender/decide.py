"""Step 6: what an attempt's outcome means. Pure.

attempt n -> 2xx: Delivered
         |-> 410: Dead
         \\-> anything else: Retry after SCHEDULE_S[n], or Dead when the schedule is used up

An endpoint that says when it wants to be called again (Retry-After) is not called sooner; nor sooner than the schedule
says, or one that always asks for a second would be called 86,000 times a day; nor later than LONGEST_S, but for the
schedule. That wait is in whole seconds, as queues know them: who came sooner would find the pause still on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from functions.webhook_sender.retry_after import LONGEST_S
from shared.models.dead_reason import DeadReason
from shared.models.webhook import Attempt

SCHEDULE_S = (1.0, 2.0, 4.0, 30.0, 300.0, 1800.0, 7200.0, 21_600.0, 43_200.0)
GONE = 410
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
    """No attempt is left, for this reason."""

    reason: DeadReason


Verdict = Delivered | Retry | Dead


def decide(
    outcome: Attempt, number: int, schedule: Sequence[float], jitter: float, retry_after_s: float | None = None
) -> Verdict:
    """The verdict on attempt `number` (from 0). `jitter`: 0 to 1. `retry_after_s`: what the endpoint asks for."""
    if outcome.delivers:
        return Delivered()
    if is_gone(outcome):
        return Dead(DeadReason.GONE)
    if number >= len(schedule):
        return Dead(DeadReason.SCHEDULE)
    spread = 1 + SPREAD * jitter
    if retry_after_s is None:
        return Retry(schedule[number] * spread)
    return Retry(math.ceil(max(schedule[number] * spread, min(retry_after_s * spread, LONGEST_S))))


def is_gone(outcome: Attempt) -> bool:
    """Whether the endpoint wants no more, ever."""
    return outcome.status == GONE
