"""Logs as JSON lines."""

from __future__ import annotations

import json
import logging
import sys

from shared.logs import JsonLines


def record(**extra: object) -> logging.LogRecord:
    made = logging.LogRecord("a.b", logging.INFO, "file", 1, "sent %d", (3,), None)
    vars(made).update(extra)
    return made


def test_a_record_is_one_line_with_its_fields() -> None:
    line = JsonLines().format(record(fields={"status": 200, "odd": object}))
    assert "\n" not in line
    said = json.loads(line)
    assert (said["level"], said["logger"], said["message"], said["status"]) == ("INFO", "a.b", "sent 3", 200)
    assert said["at"].endswith("Z")


def test_a_traceback_stays_in_its_line() -> None:
    try:
        raise ValueError("no")
    except ValueError:
        line = JsonLines().format(record(exc_info=sys.exc_info()))
    assert "\n" not in line
    assert "ValueError: no" in json.loads(line)["exception"]
