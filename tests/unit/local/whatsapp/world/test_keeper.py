from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from local.whatsapp.state.database import Database, Row
from local.whatsapp.world.keeper import Keeper
from local.whatsapp.world.world import World


def world() -> World:
    return World(lambda: 0.0, lambda _seconds, _action: None)


async def until_written(world: World) -> None:
    async with asyncio.timeout(10):
        while world.journal.unwritten:
            await asyncio.sleep(0.005)


async def test_changes_are_written_without_being_asked(tmp_path: Path) -> None:
    first, path = world(), tmp_path / "state.db"
    keeper = Keeper(first, Database(path), pause=0)
    keeper.start()
    first.account("15550001")
    await until_written(first)
    reader = Database(path)
    assert [key for key, _ in reader.rows("account")] == ["15550001"]
    reader.end()
    await keeper.stop()


async def test_stop_writes_the_rest(tmp_path: Path) -> None:
    first, path = world(), tmp_path / "state.db"
    keeper = Keeper(first, Database(path), pause=60)
    keeper.start()
    first.account("15550001")
    await keeper.stop()
    second = world()
    again = Keeper(second, Database(path))
    again.start()
    assert list(second.accounts) == ["15550001"]
    await again.stop()


class SlowDisk(Database):
    """A write takes until it is let go."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.begun, self.let_go = threading.Event(), threading.Event()
        self.at_once = 0
        self.most_at_once = 0

    def write(self, rows: list[Row]) -> None:  # type: ignore[override]
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.begun.set()
        assert self.let_go.wait(10)
        super().write(rows)
        self.at_once -= 1


async def test_a_stop_lets_the_write_end_that_is_under_way(tmp_path: Path) -> None:
    first, path = world(), tmp_path / "state.db"
    database = SlowDisk(path)
    keeper = Keeper(first, database, pause=0)
    keeper.start()
    first.account("15550001")
    assert await asyncio.to_thread(database.begun.wait, 10)
    stopping = asyncio.create_task(keeper.stop())
    first.account("15550002")
    await asyncio.sleep(0)
    threading.Timer(0.05, database.let_go.set).start()
    await stopping
    assert database.most_at_once == 1
    reader = Database(path)
    assert [key for key, _ in reader.rows("account")] == ["15550001", "15550002"]
    assert reader.begin(), "it ended in order"
    reader.end()


class FullDisk(Database):
    """Fails the first time."""

    failed = False

    def write(self, rows: list[Row]) -> None:  # type: ignore[override]
        if not self.failed:
            self.failed = True
            raise sqlite3.OperationalError("database or disk is full")
        super().write(rows)


async def test_what_could_not_be_written_is_written_later(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = world()
    database = FullDisk(tmp_path / "state.db")
    keeper = Keeper(first, database, pause=0)
    keeper.start()
    first.account("15550001")
    await until_written(first)
    assert "trying again" in caplog.text
    assert [key for key, _ in database.rows("account")] == ["15550001"]
    await keeper.stop()
