"""Waiting for something that another process writes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from functions.api.services import Services

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Pace:
    """Pauses between looks, in seconds: the first, and the longest that they grow to."""

    first_s: float
    longest_s: float


RESULT_PACE = Pace(0.03, 0.25)
LOG_PACE = Pace(0.2, 0.2)
_GROWTH = 1.5


async def _never() -> bool:
    return False


async def first(
    services: Services,
    probe: Callable[[], Awaitable[Found | None]],
    seconds: float,
    pace: Pace,
    gone: Callable[[], Awaitable[bool]] = _never,
) -> Found | None:
    """What `probe` finds, now or within `seconds`; None when time is up, the process stops or the caller is `gone`
    before that."""
    ends, pause = services.clock.monotonic() + seconds, pace.first_s
    while (found := await probe()) is None:
        left = ends - services.clock.monotonic()
        if left <= 0 or await _stops_within(services, min(pause, left)) or await gone():
            return None
        pause = min(pause * _GROWTH, pace.longest_s)
    return found


async def _stops_within(services: Services, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await services.stopping.wait()
    except TimeoutError:
        return False
    return True
