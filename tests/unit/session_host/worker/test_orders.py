from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

import pytest

from session_host.orders import Assignment, Extension, encode
from session_host.worker.orders import Orders
from shared.models.host import Lease

WORK = Assignment(Lease(1, "host-1", 3, 2), 50.0, cautious=True, first=("a#b",), aside=frozenset({"c#d"}))


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    os.close(ends[0])


async def test_the_work_comes_once_and_more_time_as_often_as_it_is_told(pipe: tuple[int, int]) -> None:
    told: list[float] = []
    orders = Orders(pipe[0], "host-1", told.append)
    line = encode(WORK)
    os.write(pipe[1], line[:10])
    await asyncio.sleep(0.01)
    assert not orders.assigned.done()
    os.write(pipe[1], line[10:] + b"nonsense\n" + encode(Extension(55.0)) + encode(Extension(60.0)))
    async with asyncio.timeout(10):
        assert await orders.assigned == WORK
        os.write(pipe[1], encode(Extension(65.0)))
        while len(told) < 2:
            await asyncio.sleep(0.01)
    assert told == [60.0, 65.0]  # what came together counts as one
    os.close(pipe[1])
    await asyncio.sleep(0.01)
