"""What is remembered of numbers, and how much may be asked about them.

A number is remembered for its tenant under the first of its forms: {jid}, which is null where it is not on WhatsApp.
Numbers come more often than they go, so a no is kept for a shorter time.

The questions of an instance are counted by the minute, in one item that all processes add to and that says no once it
is full. WhatsApp bans numbers that look through address books.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from shared.store.database import Condition, ConditionFailed, Database, Update

if TYPE_CHECKING:
    from shared.clock import Clock

TABLE = "cache"
REGISTERED_S = 4 * 3600.0
UNREGISTERED_S = 2 * 3600.0
MINUTE_S = 60
KEPT_S = 2 * MINUTE_S  # a process whose clock is behind may still add to a minute that is over


def number_name(tenant: str, number: str) -> str:
    """The name of a number in CacheKind.NUMBERS."""
    return f"{tenant}#{number}"


def number_value(jid: str | None) -> tuple[dict[str, Any], float]:
    """What to keep of WhatsApp's answer, and for how many seconds."""
    return {"jid": jid}, UNREGISTERED_S if jid is None else REGISTERED_S


class CheckBudget:
    """How many numbers each instance may ask WhatsApp about in a minute of the clock."""

    def __init__(self, database: Database, clock: Clock, per_minute: int) -> None:
        self.per_minute = per_minute
        self._db = database
        self._clock = clock

    async def take(self, instance: str, count: int) -> int | None:
        """Takes so many at once, or none: then the seconds until there may be room. Raises StoreError.

        Raises ValueError for more than a whole minute has room for: waiting would not help.
        """
        if count > self.per_minute:
            raise ValueError(f"{count} are more than the {self.per_minute} of a minute")
        now = self._clock.unix()
        minute = int(now // MINUTE_S)
        update = Update(
            TABLE,
            {"key": f"checks#{instance}#{minute}"},
            sets={"expires_at": (minute + 1) * MINUTE_S + KEPT_S},
            adds={"taken": count},
            condition=Condition(
                "attribute_not_exists(#t) OR #t <= :most", {"t": "taken"}, {"most": self.per_minute - count}
            ),
        )
        try:
            await self._db.write(update)
        except ConditionFailed:
            return max(1, math.ceil((minute + 1) * MINUTE_S - now))
        return None
