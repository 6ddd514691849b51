"""What a command leaves, and for how long."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import cast

from session_host.worker.commands import carry_out
from session_host.worker.context import WorkerContext
from session_host.worker.results import NOT_CARRIED_OUT, RESULT_TTL_S, done_before, leave_result, mark_done
from session_host.worker.runner import Runner
from shared.clock import SystemClock
from shared.models.command import Command, CommandKind, CommandResult
from shared.models.instance import InstanceKey
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


async def test_what_a_command_only_asked_is_not_kept_longer_than_somebody_waits() -> None:
    time = Time()
    context = cast(WorkerContext, SimpleNamespace(cache=Cache(cast(Database, Items()), time)))
    locks = {name: asyncio.Lock() for name in ("turn", "checks", "control")}
    there = SimpleNamespace(**locks, instance=SimpleNamespace(linked=True))
    kinds = {CommandKind.PAIR: {}, CommandKind.CHECK_NUMBERS: {"numbers": list[list[str]]()}}
    for kind, args in kinds.items():
        await carry_out(cast(Runner, there), Command(kind, kind, InstanceKey("acme", "shop-1"), args), 1, context)
    assert [await done_before(kind, context) for kind in kinds] == [True, True]

    time.now += RESULT_TTL_S
    assert [await done_before(kind, context) for kind in kinds] == [True, False]
