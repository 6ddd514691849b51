"""A process's logging, in processes of its own: what it writes is what a collector gets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[4]

BEGIN = """
import asyncio, gc, logging, threading, warnings
from shared.logs import bind, log_json, stamp
log_json({level!r}, "host")
stamp(host="host-1_x")
ours, library = logging.getLogger("session_host.x"), logging.getLogger("aiobotocore.x")
requests, attempts = (logging.getLogger(name) for name in (
    "functions.api.middleware.request_log", "functions.webhook_sender.deliver"))
"""


def lines_of(program: str, level: str = "INFO") -> list[dict[str, Any]]:
    """What a program that logs writes; every line of it is JSON and names its process."""
    command = [sys.executable, "-c", BEGIN.format(level=level) + program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, cwd=ROOT)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert all((line["service"], line["host"]) == ("host", "host-1_x") for line in lines)
    return lines


EVERYBODY = """
for logger in (ours, library, requests, attempts):
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        logger.log(level, logger.name)
"""


@pytest.mark.parametrize(
    ("level", "ours", "library", "outcomes"), [("DEBUG", 4, 2, 8), ("WARNING", 2, 2, 6), ("ERROR", 1, 1, 6)]
)
def test_levels_are_ours_libraries_warn_and_outcomes_are_always_told(
    level: str, ours: int, library: int, outcomes: int
) -> None:
    said = [line["logger"].partition(".")[0] for line in lines_of(EVERYBODY, level)]
    assert [said.count(name) for name in ("session_host", "aiobotocore", "functions")] == [ours, library, outcomes]


@pytest.mark.parametrize(
    ("program", "level", "text"),
    [
        ("raise ValueError('two\\nlines')", "CRITICAL", "ValueError: two\nlines"),
        ("threading.Thread(target=lambda: 1 / 0).start()", "CRITICAL", "ZeroDivisionError"),
        ("warnings.warn('old ways', stacklevel=1)", "WARNING", "old ways"),
        (
            "async def lost():\n async def fail(): 1 / 0\n asyncio.create_task(fail()); await asyncio.sleep(0.01)\n"
            " gc.collect()\nasyncio.run(lost())",
            "ERROR",
            "ZeroDivisionError",
        ),
        ("class Bad:\n def __del__(self): 1 / 0\nBad()", "ERROR", "ZeroDivisionError"),
    ],
)
def test_what_python_itself_would_print_is_a_line_like_all_others(program: str, level: str, text: str) -> None:
    (line,) = lines_of(program)
    assert line["level"] == level
    assert text in line.get("exception", line["message"])


ATTEMPT = """
from functions.webhook_sender.deliver import deliver
from tests.fakes.webhooks import a_task, a_webhook, a_work, fakes
made = fakes(a_webhook())
made.poster.answers = {a_webhook().url: iter((500,))}
asyncio.run(deliver(a_work(a_task()), made.endpoints.webhooks[0], made.services))
"""
CALL = """
from functions.api.middleware.request_log import RequestLog
async def answer(scope, receive, send):
    await send({"type": "http.response.start", "status": 500, "headers": []})
async def heard(message=None): ...
asyncio.run(RequestLog(answer, lambda: 0.0)({"type": "http", "method": "GET", "path": "/"}, heard, heard))
"""


@pytest.mark.parametrize(("program", "message"), [(ATTEMPT, "attempt"), (CALL, "request")])
def test_a_failed_attempt_and_a_call_are_told_where_else_only_warnings_are(program: str, message: str) -> None:
    (line,) = [line for line in lines_of(program, "WARNING") if line["level"] == "INFO"]
    assert (line["message"], line["status"]) == (message, 500)
