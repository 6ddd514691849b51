"""Transactions that meet at one item: DynamoDB refuses all but one of them, and the others try again.

They try a bounded number of times, after pauses that grow and that chance keeps apart.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from shared.store.errors import StoreUnavailable, TransactionRefused

if TYPE_CHECKING:
    from shared.store.database import Database
    from shared.store.writes import Write

MOST_TRIES = 10  # 1.6 s of pauses on average, 3.2 s at most
FIRST_PAUSE_S = 0.02
LONGEST_PAUSE_S = 0.5

_uniform = random.SystemRandom().random


class Retries:
    """The pauses between the tries of one write. `uniform` gives 0 to 1."""

    def __init__(
        self, uniform: Callable[[], float] = _uniform, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._uniform = uniform
        self._sleep = sleep
        self._tries = 1

    async def again(self) -> None:
        """Returns when it is time for the next try. Raises StoreUnavailable when there were enough of them."""
        if self._tries >= MOST_TRIES:
            raise StoreUnavailable("too many writes of the same item at once")
        pause = min(FIRST_PAUSE_S * 2 ** (self._tries - 1), LONGEST_PAUSE_S)
        self._tries += 1
        await self._sleep(pause * self._uniform())


async def commit(database: Database, writes: Sequence[Write]) -> bool:
    """Makes all writes in one transaction; False where a condition does not hold. Raises StoreError."""
    return not await refused(database, writes)


async def refused(database: Database, writes: Sequence[Write]) -> tuple[int, ...]:
    """Makes all writes in one transaction, or none: then the positions of those whose condition does not hold. Raises
    StoreError."""
    retries = Retries()
    while True:
        try:
            await database.transact(writes)
        except TransactionRefused as refusal:
            if refusal.refused:
                return refusal.refused
            await retries.again()
        else:
            return ()
