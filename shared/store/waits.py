"""How many calls of a tenant wait at once, in all processes together: each keeps one of the API's concurrent calls.

They are counted by the minute in which they began, in one item that says no once it is full; a call takes itself out of
it again. One whose process died is forgotten with its minute. So for the moment in which those of the minute before go
on waiting there may be twice as many.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from shared.store.database import Condition, ConditionFailed, Database, StoreError, Update

if TYPE_CHECKING:
    from shared.clock import Clock

log = logging.getLogger(__name__)

TABLE = "cache"
MINUTE_S = 60
KEPT_S = 2 * MINUTE_S  # a process whose clock is behind may still add to a minute that is over
GIVEN_BACK_WITHIN_S = 1.0  # the call's answer is there already, and its caller waits for it


class NoPlace(Exception):
    """As many calls wait as may."""


class Waits:
    """The places of all tenants, `most` for each."""

    def __init__(self, database: Database, clock: Clock, most: int) -> None:
        self.most = most
        self._db = database
        self._clock = clock

    @asynccontextmanager
    async def place(self, tenant: str) -> AsyncIterator[None]:
        """Has a place for as long as it is open. Raises NoPlace, StoreError."""
        minute = int(self._clock.unix() // MINUTE_S)
        room = Condition("attribute_not_exists(#w) OR #w < :most", {"w": "waiting"}, {"most": self.most})
        try:
            await self._db.write(_counted(tenant, minute, 1, room))
        except ConditionFailed as error:
            raise NoPlace(tenant) from error
        try:
            yield
        finally:
            await self._give_back(tenant, minute)

    async def _give_back(self, tenant: str, minute: int) -> None:
        try:
            async with asyncio.timeout(GIVEN_BACK_WITHIN_S):
                await self._db.write(_counted(tenant, minute, -1))
        except (StoreError, TimeoutError) as error:
            log.warning("a wait is counted to the end of its minute: %s", str(error) or "the store takes too long")


def _counted(tenant: str, minute: int, count: int, condition: Condition | None = None) -> Update:
    return Update(
        TABLE,
        {"key": f"waits#{tenant}#{minute}"},
        sets={"expires_at": (minute + 1) * MINUTE_S + KEPT_S},
        adds={"waiting": count},
        condition=condition,
    )
