"""Collections of garbage: one for all who ask at about the same time, and none for those who do not wait."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from session_host.worker import garbage
from session_host.worker.context import WorkerContext
from session_host.worker.garbage import GOOD_FOR_S, Garbage
from shared.clock import SystemClock
from shared.models.command import NOBODY, Command, CommandKind
from shared.store.cache import Cache, CacheKind
from shared.store.database import Database
from tests.fakes.table import FakeTable


class Time(SystemClock):
    now = 1_800_000_000.0

    def unix(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now - 1_700_000_000.0


class Desk:
    """A worker's garbage, with a collection that is only counted."""

    def __init__(self) -> None:
        self.time = Time()
        self.cache = Cache(cast(Database, FakeTable()), self.time)
        context = SimpleNamespace(cache=self.cache, clock=self.time)
        self.garbage = Garbage(cast(WorkerContext, context))
        self.collections = 0

    def collect(self) -> None:
        self.collections += 1

    async def ask(self, name: str, within_s: float = 10.0) -> bool:
        """Whether it was answered."""
        args = {"until": self.time.now + within_s}
        await self.garbage.collect(Command(name, CommandKind.COLLECT_GARBAGE, NOBODY, args))
        return await self.cache.get(CacheKind.RESULT, name) is not None


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk()
    monkeypatch.setattr(garbage, "_collect", made.collect)
    return made


async def test_those_who_ask_at_about_the_same_time_share_a_collection(desk: Desk) -> None:
    assert await asyncio.gather(*(desk.ask(f"cmd_{number}") for number in range(5))) == [True] * 5
    desk.time.now += GOOD_FOR_S - 1
    assert await desk.ask("cmd_late")
    assert desk.collections == 1
    desk.time.now += 1
    assert await desk.ask("cmd_next")
    assert desk.collections == 2


async def test_nothing_is_collected_for_whoever_does_not_wait(desk: Desk) -> None:
    assert not await desk.ask("cmd_1", within_s=-1)
    assert desk.collections == 0
