"""How many messages a tenant may have accepted in a day of UTC, counted exactly.

A message counts in the transaction that stores it, so both happen or neither does. One row for a tenant's day would be
an item that all its transactions meet at, of which DynamoDB cancels all but one. The number is therefore dealt out to
the rows of SHARES shares, which count up to their own part of it; together they can never pass it:

    quota#<tenant>#<day>    share#00 {taken} .. share#31 {taken}

A message counts in any share that has room. Where there is room is a guess of this process, a few seconds old, which
the transaction corrects; that there is none is only said after a look at all rows that nothing has been guessed since.

A message that could not be queued gives its place back, which a process may see some seconds later.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.limits import DAY_S, until_midnight_s
from shared.rate_limit_fields import Standing, messages_per_day
from shared.remembered import Remembered
from shared.store.database import Condition, Database, Update

if TYPE_CHECKING:
    from shared.clock import Clock

TABLE = "messages"
SHARES = 32  # may be changed at midnight only: calls that see other shares deal out the same number anew
KEPT_S = 2 * DAY_S
SEEN_S = 10.0  # that a look at the rows is good for

_choice: Callable[[Sequence[int]], int] = random.SystemRandom().choice


@dataclass(frozen=True, slots=True)
class MessageQuotaUsedUp(Exception):
    """The tenant has no message left today."""

    standing: Standing


@dataclass(slots=True)
class _View:
    """What every share had taken at a look, and what was guessed since."""

    taken: list[int]
    guessed: bool = False

    def open(self, per_day: int) -> list[int]:
        """The shares with room. None where more was counted under a larger number, which need not be even."""
        if sum(self.taken) >= per_day:
            return []
        return [share for share in range(SHARES) if self.taken[share] < part(per_day, share)]

    def left(self, per_day: int) -> int:
        return max(0, per_day - sum(self.taken))


@dataclass(frozen=True, slots=True)
class Place:
    """A share that a message counts in, if there is still room."""

    tenant: str
    day: int
    share: int
    most: int
    guess: _View = field(repr=False, compare=False)

    def missed(self) -> None:
        """Notes that no message was counted here after all."""
        self.guess.taken[self.share] -= 1

    def take(self) -> Update:
        """The write that counts a message; refused when the share is used up."""
        room = Condition("attribute_not_exists(#t) OR #t < :most", {"t": "taken"}, {"most": self.most})
        return Update(TABLE, self._key(), {"expires_at": self.day * DAY_S + KEPT_S}, {"taken": 1}, condition=room)

    def give_back(self) -> Update:
        """The write that takes a message out of the count again."""
        return Update(TABLE, self._key(), adds={"taken": -1})

    def _key(self) -> dict[str, str]:
        return {"instance": _day_name(self.tenant, self.day), "id": _share_name(self.share)}


class MessageQuotas:
    """The quotas of all tenants, as one process sees them. `choice` picks one of several."""

    def __init__(self, database: Database, clock: Clock, choice: Callable[[Sequence[int]], int] = _choice) -> None:
        self._db = database
        self._clock = clock
        self._choice = choice
        self._views = Remembered[tuple[str, int], _View](clock, SEEN_S)

    def of(self, tenant: str, per_day: int) -> MessageQuota:
        """The quota of a tenant for this call."""
        return MessageQuota(self, tenant, per_day)

    async def view(self, tenant: str, day: int) -> _View:
        """What is known of the day, looked up where it is not. Raises StoreError."""
        return self._views.get((tenant, day)) or await self.look(tenant, day)

    async def look(self, tenant: str, day: int) -> _View:
        """What the rows say now. Raises StoreError."""
        rows = await self._db.query_all(TABLE, Condition("#i = :i", {"i": "instance"}, {"i": _day_name(tenant, day)}))
        counts = {row["id"]: row["taken"] for row in rows}
        view = _View([counts.get(_share_name(share), 0) for share in range(SHARES)])
        self._views.note((tenant, day), view)
        return view

    def seen(self, tenant: str, day: int) -> _View | None:
        """What is remembered of the day."""
        return self._views.get((tenant, day))

    def now(self) -> float:
        """Unix seconds."""
        return self._clock.unix()

    def pick(self, shares: Sequence[int]) -> int:
        """One of them, by chance: calls that come at once shall not meet."""
        return self._choice(shares)


@dataclass(frozen=True, slots=True)
class MessageQuota:
    """How many messages a tenant may have accepted in a day, for one call."""

    quotas: MessageQuotas = field(repr=False)
    tenant: str
    per_day: int

    async def look(self) -> None:
        """Finds out how the tenant stands, where that is not known; a call may do so while it reads other things."""
        await self.quotas.view(self.tenant, self._day())

    async def check(self) -> None:
        """Raises MessageQuotaUsedUp where nothing is left, as `place` would; StoreError."""
        await self._room(self._day())

    async def place(self) -> Place:
        """Where the next message may count. Raises MessageQuotaUsedUp, StoreError."""
        day = self._day()
        view, shares = await self._room(day)
        share = self.quotas.pick(shares)
        view.taken[share] += 1
        view.guessed = True
        return Place(self.tenant, day, share, part(self.per_day, share), view)

    async def _room(self, day: int) -> tuple[_View, list[int]]:
        view = await self.quotas.view(self.tenant, day)
        shares = view.open(self.per_day)
        if not shares and view.guessed:
            view = await self.quotas.look(self.tenant, day)
            shares = view.open(self.per_day)
        if not shares:
            raise MessageQuotaUsedUp(self.standing())
        return view, shares

    async def full(self, place: Place) -> None:
        """Notes that there was no room at a place after all, by a new look. Raises StoreError."""
        await self.quotas.look(place.tenant, place.day)

    def standing(self) -> Standing:
        """How the tenant stands, as far as this process knows."""
        view = self.quotas.seen(self.tenant, self._day())
        left = view.left(self.per_day) if view else self.per_day
        return messages_per_day(self.per_day, left, until_midnight_s(self.quotas.now()))

    def _day(self) -> int:
        return int(self.quotas.now() // DAY_S)


def part(per_day: int, share: int) -> int:
    """What a share has of a day's number: all parts together are that number, and none shrinks when it grows."""
    return per_day // SHARES + (share < per_day % SHARES)


def _day_name(tenant: str, day: int) -> str:
    """Never an instance's name: those have one # alone."""
    return f"quota#{tenant}#{day}"


def _share_name(share: int) -> str:
    return f"share#{share:02}"
