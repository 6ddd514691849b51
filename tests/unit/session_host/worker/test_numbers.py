"""Number checks of a session host: how long they may take, and what an answer with gaps says."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from session_host.whatsapp.port import NumberAnswer, OutcomeUnknown, WhatsAppError
from session_host.worker.context import WorkerContext
from session_host.worker.numbers import check_numbers, jids_of
from session_host.worker.runner import Runner
from shared.models.command import Command, CommandKind
from shared.models.instance import InstanceKey

NOW = 1_800_000_000.0
OLD, NEW, OTHER = "551187654321", "5511987654321", "4915550002"


def there(number: str) -> NumberAnswer:
    return NumberAnswer(number, True, f"{number}@s.whatsapp.net")


def absent(number: str) -> NumberAnswer:
    return NumberAnswer(number, False, None)


class Remembered:
    """A cache of what is put into it."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    async def get_many(self, _kind: object, names: Sequence[str], *, counted: bool) -> dict[str, Any]:
        assert not counted
        return {name: self.values[name] for name in names if name in self.values}

    async def put_many(self, _kind: object, values: dict[str, tuple[Any, float]]) -> None:
        self.values |= {name: value for name, (value, _) in values.items()}


class Asked:
    """In place of the runner: answers with `answers`, never where that is None."""

    def __init__(self, answers: list[NumberAnswer] | None) -> None:
        self.questions: list[tuple[str, ...]] = []
        self._answers = answers

    async def check_numbers(self, numbers: Sequence[str]) -> list[NumberAnswer]:
        self.questions.append(tuple(numbers))
        if self._answers is None:
            await asyncio.Event().wait()
        return self._answers or []


async def check(asked: Asked, cache: Remembered, numbers: list[list[str]], **args: float) -> dict[str, Any]:
    command = Command("cmd_1", CommandKind.CHECK_NUMBERS, InstanceKey("acme", "shop-1"), {"numbers": numbers} | args)
    context = SimpleNamespace(cache=cache, clock=SimpleNamespace(unix=lambda: NOW))
    result = await check_numbers(cast(Runner, asked), command, cast(WorkerContext, context))
    return cast(dict[str, Any], result.value["jids"])


async def test_a_question_whose_time_has_passed_is_not_asked() -> None:
    asked = Asked([there(OTHER)])
    with pytest.raises(WhatsAppError, match="expired"):
        await check(asked, Remembered(), [[OTHER]], until=NOW)
    assert asked.questions == []


async def test_what_is_known_is_answered_even_late() -> None:
    cache = Remembered()
    cache.values[f"acme#{OTHER}"] = {"jid": None}
    assert await check(Asked([]), cache, [[OTHER]], until=NOW - 60) == {OTHER: None}


async def test_no_answer_is_waited_for_longer_than_the_asker_waits() -> None:
    cache = Remembered()
    with pytest.raises(OutcomeUnknown, match="timeout"):
        await check(Asked(None), cache, [[OTHER]], until=NOW + 0.01)
    assert cache.values == {}


@pytest.mark.parametrize("args", [{}, {"until": NOW + 20}], ids=["an older API", "in time"])
async def test_a_question_in_time_is_asked(args: dict[str, float]) -> None:
    assert await check(Asked([there(OTHER)]), Remembered(), [[OTHER]], **args) == {OTHER: f"{OTHER}@s.whatsapp.net"}


async def test_a_number_that_the_answer_leaves_out_is_unknown_and_the_others_are_remembered() -> None:
    cache = Remembered()
    with pytest.raises(OutcomeUnknown, match=r"incomplete_answer: .* 1 of"):
        await check(Asked([absent(OLD), absent(NEW)]), cache, [[NEW, OLD], [OTHER]])
    assert cache.values == {f"acme#{NEW}": {"jid": None}}


@pytest.mark.parametrize(
    ("answers", "jids"),
    [
        ([absent(NEW), there(OLD)], {NEW: f"{OLD}@s.whatsapp.net"}),
        ([there(OLD)], {NEW: f"{OLD}@s.whatsapp.net"}),
        ([absent(NEW), absent(OLD)], {NEW: None}),
        ([absent(OLD)], {NEW: None}),  # WhatsApp takes both for one number
        ([], {}),
    ],
)
def test_the_forms_of_a_number(answers: list[NumberAnswer], jids: dict[str, str | None]) -> None:
    assert jids_of({NEW: [NEW, OLD]}, answers) == jids


def test_a_number_of_one_form_that_is_left_out_is_unknown() -> None:
    assert jids_of({OTHER: [OTHER]}, [there(OLD)]) == {}
