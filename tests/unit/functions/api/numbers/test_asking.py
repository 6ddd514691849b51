"""What a check of numbers asks a session host, until when, and whom it tells that it does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any, cast

import pytest

from functions.api.asking import ANSWER_WITHIN_S
from functions.api.numbers.checks import Found, NumberChecks
from functions.api.problems import Problem
from functions.api.services import Services
from shared.models.command import Command, CommandResult
from shared.models.instance import Instance, InstanceKey, InstanceState

KEY = InstanceKey("acme", "shop-1")
ANNA = ("351912345678",)
NOW = 1_800_000_000.0


class Host:
    """What the checks see of the store and of a session host, which answers every command with `result`."""

    def __init__(self, result: CommandResult, known: dict[str, Any], state: InstanceState) -> None:
        self.commands: list[Command] = []
        self._result, self._known, self._state = result, known, state

    async def get(self, *asked: object) -> Any:
        if isinstance(asked[0], InstanceKey):
            return Instance(tenant="acme", id="shop-1", partition=0, created_at="", state=self._state, linked=True)
        return asdict(self._result)

    async def get_many(self, _kind: object, names: Iterable[str]) -> dict[str, Any]:
        return {name: self._known[name] for name in names if name in self._known}

    async def send(self, _partition: int, command: Command, _dedup: str | None) -> None:
        self.commands.append(command)

    async def take(self, *_: object) -> None:
        """There is room in the budget."""


def checks_of(host: Host) -> NumberChecks:
    clock = SimpleNamespace(unix=lambda: NOW, monotonic=lambda: 0.0)
    budget = SimpleNamespace(take=host.take, per_minute=100)
    meter = SimpleNamespace(add=lambda *_: None)
    services = SimpleNamespace(
        cache=host, instances=host, commands=host, checks=budget, clock=clock, meter=meter, stopping=asyncio.Event()
    )
    return NumberChecks(cast(Services, services))


ANSWERED = CommandResult(True, {"jids": {ANNA[0]: None}})


async def test_a_question_says_until_when_its_answer_is_waited_for() -> None:
    host, told = Host(ANSWERED, {}, InstanceState.CONNECTED), list[bool]()
    found = await checks_of(host).check(KEY, [ANNA], lambda: told.append(True))
    assert (found, told) == ({ANNA: Found(None, cached=False)}, [True])
    assert [command.args for command in host.commands] == [{"numbers": [list(ANNA)], "until": NOW + ANSWER_WITHIN_S}]


async def test_a_host_that_fails_was_asked_all_the_same() -> None:
    failed = CommandResult(False, code="timeout", detail="no answer")
    host, told = Host(failed, {}, InstanceState.CONNECTED), list[bool]()
    with pytest.raises(Problem):
        await checks_of(host).check(KEY, [ANNA], lambda: told.append(True))
    assert told == [True]


async def test_what_is_known_or_refused_is_not_asked() -> None:
    told: list[bool] = []
    known = Host(ANSWERED, {f"acme#{ANNA[0]}": {"jid": None}}, InstanceState.CONNECTED)
    assert await checks_of(known).check(KEY, [ANNA], lambda: told.append(True)) == {ANNA: Found(None, cached=True)}
    with pytest.raises(Problem):
        await checks_of(Host(ANSWERED, {}, InstanceState.CONNECTING)).check(KEY, [ANNA], lambda: told.append(True))
    assert told == []
