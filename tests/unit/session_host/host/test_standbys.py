from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from session_host.host.backoff import Backoff
from session_host.host.standbys import AT_ONCE, Program, Standbys

PROGRAM = Path(__file__).parent / "worker_program.py"


@dataclass
class Bench:
    group: asyncio.TaskGroup
    made: list[Standbys] = field(default_factory=list)
    news: list[int] = field(default_factory=list)

    def make(self, *steps: str) -> Standbys:
        program = Program(
            (sys.executable, "-IS", str(PROGRAM), *steps),
            {"PATH": os.environ["PATH"]},
            "host",
            backoff=lambda: Backoff(first=0.01, most=0.01),
        )
        standbys = Standbys(program, self.group, lambda: self.news.append(standbys.warm))
        self.made.append(standbys)
        return standbys


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with asyncio.TaskGroup() as group:
        bench = Bench(group)
        yield bench
        for standbys in bench.made:
            standbys.close()


async def see(happened: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not happened():
            await asyncio.sleep(0.01)


def children() -> int:
    return len([one for one in psutil.Process().children() if one.status() != psutil.STATUS_ZOMBIE])


async def test_as_many_as_are_wanted_for_all_purposes_warm_up_few_at_a_time(bench: Bench) -> None:
    standbys, before = bench.make('say:{"warm": true}', "wait"), children()
    standbys.want("one", AT_ONCE)
    standbys.want("other", 1)
    assert children() - before == AT_ONCE
    await see(lambda: standbys.warm == AT_ONCE + 1)
    assert max(bench.news) == AT_ONCE + 1
    standbys.want("one", 0)
    assert standbys.warm == 1
    await see(lambda: children() - before == 1)


async def test_the_warmest_is_taken_and_a_fresh_one_started_when_there_is_none(bench: Bench) -> None:
    standbys, before = bench.make('say:{"warm": true}', "wait"), children()
    standbys.want("test", 1)
    assert await standbys.one_warm(20)
    taken = standbys.take()
    assert taken.warm.is_set()
    assert standbys.warm == 0
    fresh = standbys.take()
    assert not fresh.warm.is_set()
    assert children() - before == 2
    taken.process.kill()
    fresh.process.kill()
    assert (await taken.ended).code == -9
    assert (await fresh.ended).code == -9


async def test_one_that_ends_is_replaced_while_it_is_wanted(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    standbys = bench.make("exit:1")
    assert not await standbys.one_warm(0.01)
    standbys.want("test", 1)
    await see(lambda: "stood by ended with 1" in caplog.text)
    caplog.clear()
    await asyncio.sleep(0.02)
    standbys.want("test", 1)
    await see(lambda: "stood by ended with 1" in caplog.text)


async def test_waiting_for_one_ends_when_all_ends(bench: Bench) -> None:
    standbys = bench.make("wait")
    standbys.want("test", 1)
    waiting = asyncio.create_task(standbys.one_warm(60))
    await asyncio.sleep(0)
    standbys.close()
    assert not await waiting
