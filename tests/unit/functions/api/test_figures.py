"""What was counted while a call was answered is handed over with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from functions.api.middleware.figures import Figures
from shared.figures import Tally
from shared.metrics import MESSAGES_ACCEPTED, Meter


class Time:
    """Goes on by a quarter of a second with each look."""

    now = 0.0

    def monotonic(self) -> float:
        self.now += 0.25
        return self.now


async def lines_of(*, dies: bool = False, on: bool = True, query: bytes = b"", prefer: bytes = b"") -> list[Any]:
    """What a call is told to CloudWatch as, that sends two messages."""
    written: list[str] = []
    meter = Meter("hivewp-test", written.append if on else None)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        meter.add(MESSAGES_ACCEPTED)
        meter.add(MESSAGES_ACCEPTED)
        if dies:
            raise ConnectionResetError

    async def nothing(*_: object) -> None: ...

    scope = {"type": "http", "path": "/", "query_string": query, "headers": [(b"prefer", prefer)] if prefer else []}
    try:
        await Figures(app, meter, Tally.off(), Time().monotonic)(scope, nothing, nothing)  # type: ignore[arg-type]
    except ConnectionResetError:
        assert dies
    return [json.loads(line) for line in written]


@pytest.mark.parametrize("dies", [False, True])
async def test_a_call_is_one_line_whatever_becomes_of_it(dies: bool) -> None:
    (line,) = await lines_of(dies=dies)
    assert (line["MessagesAccepted"], line["ApiLatency"]) == (2, 250)


@pytest.mark.parametrize("asked", [{"query": b"after=3&wait=20"}, {"prefer": b"wait=5"}])
async def test_a_call_that_asks_to_wait_says_nothing_of_our_speed(asked: dict[str, Any]) -> None:
    (line,) = await lines_of(**asked)
    assert line["MessagesAccepted"] == 2
    assert "ApiLatency" not in line


async def test_nothing_is_told_where_nobody_listens() -> None:
    assert await lines_of(on=False) == []
