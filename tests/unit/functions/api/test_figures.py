"""What was counted while a call was answered is handed over with it."""

from __future__ import annotations

import json

import pytest
from starlette.types import Receive, Scope, Send

from functions.api.middleware.figures import Figures
from shared.metrics import MESSAGES_ACCEPTED, Meter


@pytest.mark.parametrize("dies", [False, True])
async def test_each_call_is_one_line_at_most(dies: bool) -> None:
    lines: list[str] = []
    meter = Meter("hivewp-test", lines.append)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/send":
            meter.add(MESSAGES_ACCEPTED)
            meter.add(MESSAGES_ACCEPTED)
        if dies:
            raise ConnectionResetError

    async def nothing(*_: object) -> None: ...

    for path in ("/send", "/read"):
        try:
            await Figures(app, meter)({"type": "http", "path": path}, nothing, nothing)  # type: ignore[arg-type]
        except ConnectionResetError:
            assert dies
    (line,) = lines
    assert json.loads(line)["MessagesAccepted"] == 2
