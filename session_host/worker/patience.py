"""Waiting for the store: a worker has nothing better to do than to ask again until DynamoDB answers.

The supervisor ends the worker before its lease can run out, so asking for ever is safe.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TypeVar

from shared.store.database import StoreUnavailable

logger = logging.getLogger(__name__)
T = TypeVar("T")
PAUSES_S = (0.05, 0.2, 0.5, 1.0)


async def until_available(call: Callable[[], Awaitable[T]], *, within_s: float = float("inf")) -> T:
    """The call's result, once the store answers. Raises StoreUnavailable when it does not within so many seconds."""
    now = asyncio.get_running_loop().time
    ends = now() + within_s
    for attempt in count():
        try:
            return await call()
        except StoreUnavailable as error:
            if now() >= ends:
                raise
            if attempt == 0:
                logger.warning("the store does not answer, trying again: %s", error)
            await asyncio.sleep(PAUSES_S[min(attempt, len(PAUSES_S) - 1)])
    raise AssertionError("unreachable")
