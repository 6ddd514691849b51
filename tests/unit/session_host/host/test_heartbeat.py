from __future__ import annotations

import asyncio

import pytest

from session_host.host import heartbeat
from session_host.host.heartbeat import Heartbeat
from session_host.leases.timing import Timing
from shared.models.host import HostReport
from shared.store.database import StoreUnavailable


class Table:
    """Heartbeats as they were written; `down` refuses them."""

    def __init__(self) -> None:
        self.written: list[HostReport] = []
        self.forgotten: list[str] = []
        self.down = False
        self.tried = 0
        self.refusals = 0  # of the next calls to forget

    async def save(self, report: HostReport) -> None:
        self.tried += 1
        if self.down:
            raise StoreUnavailable("cut off")
        self.written.append(report)

    async def forget(self, host_id: str) -> None:
        self.refusals -= 1
        if self.refusals >= 0:
            raise StoreUnavailable("cut off")
        self.forgotten.append(host_id)


def a_heartbeat(table: Table, heartbeat_s: float) -> Heartbeat:
    report = HostReport(id="host", started_at="", at="", memory_used=1, memory_limit=2)
    return Heartbeat(table, lambda: report, Timing(heartbeat_s * 1.5))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "LEAST_S", 0.01)


async def until_tried(table: Table, times: int) -> None:
    async with asyncio.timeout(20):
        while table.tried < times:
            await asyncio.sleep(0.005)


async def test_it_beats_and_is_removed_when_the_host_stops() -> None:
    table, stop = Table(), asyncio.Event()
    running = asyncio.create_task(a_heartbeat(table, 0.02).run(stop))
    await until_tried(table, 3)
    stop.set()
    await running
    written = len(table.written)
    assert table.forgotten == ["host"]
    await asyncio.sleep(0)
    assert len(table.written) == written


async def test_news_is_told_soon() -> None:
    table, stop = Table(), asyncio.Event()
    beating = a_heartbeat(table, 6.0)
    running = asyncio.create_task(beating.run(stop))
    for told in range(1, 4):
        beating.news()
        await until_tried(table, told)
    stop.set()
    await running
    assert len(table.written) == 3


async def test_a_beat_that_failed_follows_soon() -> None:
    table, stop = Table(), asyncio.Event()
    table.down = True
    beating = a_heartbeat(table, 6.0)
    await beating.beat()
    running = asyncio.create_task(beating.run(stop))
    await until_tried(table, 3)
    table.down = False
    await until_tried(table, table.tried + 1)
    stop.set()
    await running
    assert table.written


async def test_its_removal_is_tried_again() -> None:
    table, stop = Table(), asyncio.Event()
    table.refusals = 3
    stop.set()
    await a_heartbeat(table, 6.0).run(stop)
    assert table.forgotten == ["host"]
