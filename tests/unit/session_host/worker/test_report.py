from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from session_host.host.reports import Ready, Said, read_reports
from session_host.whatsapp.port import Wear
from session_host.worker.report import Reporter
from shared.models.host import WorkerReport


@pytest.fixture
async def reporting() -> AsyncIterator[tuple[Reporter, dict[str, int], AsyncIterator[Said]]]:
    """A reporter that runs, the states it reports, and what is heard of it."""
    ours, theirs = os.pipe()
    states = {"connected": 1}
    reporter = Reporter(3, theirs, states=lambda: dict(states), wear=lambda: Wear(5, 2, 1), oldest=lambda: 7.5)
    running = asyncio.create_task(reporter.run())
    heard = read_reports(ours)
    yield reporter, states, heard
    running.cancel()
    await heard.aclose()
    os.close(theirs)


async def test_it_says_how_the_worker_is_and_that_all_are_taken_up(
    reporting: tuple[Reporter, dict[str, int], AsyncIterator[Said]],
) -> None:
    reporter, states, heard = reporting
    first = await anext(heard)
    assert isinstance(first, WorkerReport)
    assert (first.partition, first.pid, first.states) == (3, os.getpid(), {"connected": 1})
    assert (first.ended, first.stuck, first.oldest_command, first.ready) == (2, 1, 7, False)
    states["connecting"] = 2
    reporter.ready()
    assert isinstance(await anext(heard), Ready)
    then = await anext(heard)
    assert isinstance(then, WorkerReport)
    assert then.ready
    assert then.states == {"connected": 1, "connecting": 2}


async def test_a_change_is_told_soon(reporting: tuple[Reporter, dict[str, int], AsyncIterator[Said]]) -> None:
    reporter, states, heard = reporting
    await anext(heard)
    states["connected"] = 2
    reporter.changed()
    async with asyncio.timeout(5):  # without news the next one comes after ten
        told = await anext(heard)
    assert isinstance(told, WorkerReport)
    assert told.states == {"connected": 2}
