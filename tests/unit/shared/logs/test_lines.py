"""Records as lines of JSON."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest

from shared.logs import bind
from shared.logs.lines import JsonLines
from shared.tracing import current, new_traceparent, trace_id_of, within

NUMBER = "5511999998888"


def record(text: str = "sent %d", arguments: tuple[object, ...] = (3,), **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("a.b", logging.INFO, "file", 1, text, arguments, None)
    vars(made).update(extra)
    return made


def said(made: logging.LogRecord, **fixed: str | int) -> Any:
    line = JsonLines(fixed).format(made)
    assert line.isascii()
    assert len(line.splitlines()) == 1
    return json.loads(line)


def test_a_record_is_one_line_with_its_fields() -> None:
    line = said(record(fields={"status": 200, "odd": object, "absent": None}), service="api", partition=0)
    assert (line["level"], line["logger"], line["message"], line["status"]) == ("INFO", "a.b", "sent 3", 200)
    assert (line["service"], line["partition"]) == ("api", 0)
    assert line["timestamp"].endswith("Z")
    assert "absent" not in line


def test_ids_are_bound_and_a_record_may_say_better() -> None:
    with bind(tenant="t", instance="i", message="m", trace="x", request="r"):
        line = said(record(fields={"tenant": "other"}))
    assert [line[name] for name in ("tenant", "instance", "message_id", "trace_id", "request_id")] == [
        "other",
        *"imxr",
    ]


def test_a_line_belongs_to_the_trace_that_is_gone_on_with() -> None:
    with within(new_traceparent()):
        assert said(record())["trace_id"] == trace_id_of(current() or "")
        with bind(trace="other"):
            assert said(record())["trace_id"] == "other"
    assert "trace_id" not in said(record())


@pytest.mark.parametrize("text", ["two\nlines", "old\r\nends", "odd\u2028\u0085ends", "half a pair \ud83d", "nul \0"])
def test_whatever_the_text_it_is_one_line(text: str) -> None:
    assert said(record("%s", (text,)))["message"] == text


def test_a_traceback_stays_in_its_line_and_is_masked() -> None:
    try:
        raise ValueError(f"no {NUMBER}")
    except ValueError:
        line = said(record(exc_info=sys.exc_info()))
    assert "ValueError: no *8888" in line["exception"]


def test_texts_are_masked_and_ids_stand_as_they_were_chosen() -> None:
    with bind(instance=NUMBER):
        line = said(record("%s", (NUMBER,), fields={"to": NUMBER, "tenant": NUMBER}))
    assert (line["message"], line["to"]) == ("*8888", "*8888")
    assert (line["instance"], line["tenant"]) == (NUMBER, NUMBER)


def test_arguments_that_do_not_fit_cost_no_line() -> None:
    assert said(record("%d of %d", ("one",)))["message"] == "%d of %d"
