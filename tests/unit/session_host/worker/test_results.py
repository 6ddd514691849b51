"""What a command leaves, and for how long."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from session_host.worker.context import WorkerContext
from session_host.worker.results import NOT_CARRIED_OUT, done_before, leave_result, mark_done
from shared.clock import SystemClock
from shared.models.command import CommandResult
from shared.store.cache import Cache
from shared.store.database import Database, Put, Values


class Time(SystemClock):
    now = 1_800_000_000.0

    def unix(self) -> float:
        return self.now


class Items:
    """A table in memory."""

    def __init__(self) -> None:
        self._items: dict[str, Values] = {}

    async def get(self, _table: str, key: Values) -> Values | None:
        return self._items.get(key["key"])

    async def write(self, write: Put) -> None:
        self._items[write.values["key"]] = write.values


async def test_what_was_done_is_known_for_hours_and_what_was_not_only_while_somebody_asks() -> None:
    time = Time()
    context = cast(WorkerContext, SimpleNamespace(cache=Cache(cast(Database, Items()), time)))
    await mark_done("cmd_1", CommandResult(True), context)
    await leave_result("cmd_2", NOT_CARRIED_OUT, context)
    assert [await done_before(command, context) for command in ("cmd_1", "cmd_2")] == [True, True]

    time.now += 12 * 3_600
    assert [await done_before(command, context) for command in ("cmd_1", "cmd_2")] == [True, False]
