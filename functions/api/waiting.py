"""Waiting for something that another process writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

from functions.api import problems
from functions.api.problems import Problem
from functions.api.services import Services
from shared.store.waits import NoPlace

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Pace:
    """Pauses between looks, in seconds: the first, and the longest that they grow to."""

    first_s: float
    longest_s: float


RESULT_PACE = Pace(0.03, 0.25)
FREE_S = 1.0
"""What waits for WhatsApp's answer, which mostly comes within this, takes a place only then: a place costs writes."""
LOG_PACE = Pace(0.2, 0.2)
_GROWTH = 1.5
_NO_PLACE_S = 5  # until one that asked to wait should ask again: some of those that wait are answered by then


async def _never() -> bool:
    return False


async def first(
    services: Services,
    probe: Callable[[], Awaitable[Found | None]],
    seconds: float,
    pace: Pace,
    gone: Callable[[], Awaitable[bool]] = _never,
    waiting: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
) -> Found | None:
    """What `probe` finds, now or within `seconds`; None when time is up, the process stops or the caller is `gone`
    before that. `waiting` is entered where it is not there yet, and left at the end."""
    found = await probe()
    if found is not None or seconds <= 0:
        return found
    async with waiting():
        return await _later(services, probe, seconds, pace, gone)


@asynccontextmanager
async def place(services: Services, tenant: str) -> AsyncIterator[None]:
    """One of the tenant's places for calls that wait. Raises Problem where all are taken."""
    try:
        async with services.waits.place(tenant):
            yield
    except NoPlace as error:
        detail = f"{services.waits.most} of your calls wait already: ask again in {_NO_PLACE_S} s, or without `wait`."
        raise Problem(problems.RATE_LIMITED, detail, headers={"retry-after": str(_NO_PLACE_S)}) from error


async def _later(
    services: Services,
    probe: Callable[[], Awaitable[Found | None]],
    seconds: float,
    pace: Pace,
    gone: Callable[[], Awaitable[bool]],
) -> Found | None:
    ends, pause, found = services.clock.monotonic() + seconds, pace.first_s, None
    while found is None:
        left = ends - services.clock.monotonic()
        if left <= 0 or await _stops_within(services, min(pause, left)) or await gone():
            return None
        pause, found = min(pause * _GROWTH, pace.longest_s), await probe()
    return found


async def _stops_within(services: Services, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await services.stopping.wait()
    except TimeoutError:
        return False
    return True
