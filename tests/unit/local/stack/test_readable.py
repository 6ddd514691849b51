from __future__ import annotations

import logging

import pytest

from local.stack.readable import readable
from shared.logs.lines import JsonLines


def test_a_line_of_ours_is_read_as_text_with_its_traceback() -> None:
    try:
        raise ValueError("no")
    except ValueError as error:
        record = logging.LogRecord("a.b", logging.ERROR, "file", 1, "it failed", None, (ValueError, error, None))
    first, *_, last = readable(JsonLines({"service": "api"}).format(record)).splitlines()
    assert first.endswith("Z ERROR a.b: it failed")
    assert last == "ValueError: no"


@pytest.mark.parametrize("line", ["", "plain words", "{", "3", "[1]", '{"half": 1}', '"text"'])
def test_other_lines_stay_as_they_are(line: str) -> None:
    assert readable(line) == line
