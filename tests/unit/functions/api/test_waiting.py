"""Waiting for what another process writes."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import cast

from functions.api.services import Services
from functions.api.waiting import Pace, first

FAST = Pace(0.001, 0.002)


def services() -> Services:
    loop = asyncio.get_running_loop()
    return cast(Services, SimpleNamespace(clock=SimpleNamespace(monotonic=loop.time), stopping=asyncio.Event()))


async def test_what_is_there_is_found_at_once_even_without_time() -> None:
    async def probe() -> str:
        return "there"

    assert await first(services(), probe, 0, FAST) == "there"


async def test_what_comes_later_is_found() -> None:
    looks = iter([None, None, "there"])

    async def probe() -> str | None:
        return next(looks)

    assert await first(services(), probe, 60, FAST) == "there"


async def test_time_runs_out() -> None:
    async def probe() -> str | None:
        return None

    assert await first(services(), probe, 0.005, FAST) is None


async def test_nothing_is_waited_for_in_a_process_that_stops() -> None:
    told = services()
    told.stopping.set()
    looks = 0

    async def probe() -> str | None:
        nonlocal looks
        looks += 1
        return None

    assert await first(told, probe, 60, FAST) is None
    assert looks == 1
