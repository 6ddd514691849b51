"""What the routes of /monitoring tell about calls and attempts: counted in each process, added up in the store.

    tally = Tally(Figures(database, clock), clock.monotonic)
    tally.call(200, 12.5)                # costs some additions in memory
    tally.attempt(delivered=True)
    await tally.hand_over()              # at most one write every few seconds; nothing when there is nothing to say

What CloudWatch is told is in shared/metrics; it needs no store, and nobody can ask it for free.
"""

from shared.figures.counts import (
    ATTEMPTS_DELIVERED,
    ATTEMPTS_FAILED,
    CLASSES,
    CLIENTS_OUTDATED,
    DELIVERIES_DEAD,
    calls_name,
)
from shared.figures.histogram import BOUNDS_MS, Histogram
from shared.figures.tally import FLUSH_EVERY_S, Tally

__all__ = [
    "ATTEMPTS_DELIVERED",
    "ATTEMPTS_FAILED",
    "BOUNDS_MS",
    "CLASSES",
    "CLIENTS_OUTDATED",
    "DELIVERIES_DEAD",
    "FLUSH_EVERY_S",
    "Histogram",
    "Tally",
    "calls_name",
]
