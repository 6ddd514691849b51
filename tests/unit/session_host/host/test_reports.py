from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from session_host.host.reports import MAX_LINE, Ready, Warm, parse_report, read_reports
from shared.models.host import WorkerReport

REPORT = WorkerReport(
    partition=1, pid=2, states={"connected": 3}, memory=4, threads=5, descriptors=6, ended=7, stuck=8, oldest_command=9
)
LINE = {
    "partition": 1,
    "pid": 2,
    "states": {"connected": 3},
    "memory": 4,
    "threads": 5,
    "descriptors": 6,
    "ended": 7,
    "stuck": 8,
    "oldest_command": 9,
}


def test_a_report_and_readiness() -> None:
    assert parse_report(json.dumps(LINE).encode()) == REPORT
    assert parse_report(json.dumps(LINE | {"ready": False}).encode()) == replace(REPORT, ready=False)
    assert isinstance(parse_report(b'{"ready": true}'), Ready)
    assert isinstance(parse_report(b'{"warm": true}'), Warm)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"ready": false}',
        json.dumps(LINE | {"pid": "2"}).encode(),
        json.dumps(LINE | {"threads": True}).encode(),
        json.dumps(LINE | {"states": {"connected": None}}).encode(),
        json.dumps(LINE | {"states": []}).encode(),
        json.dumps(LINE | {"ready": 1}).encode(),
    ],
)
def test_anything_else_is_passed_over(said: bytes, caplog: pytest.LogCaptureFixture) -> None:
    assert parse_report(said) is None
    assert "no report" in caplog.text


async def test_lines_are_read_until_nobody_can_write() -> None:
    ours, theirs = os.pipe()
    line = json.dumps(LINE).encode() + b"\n"
    os.write(theirs, b"nonsense\n" + line)
    os.write(theirs, b"x" * (MAX_LINE // 2) + b"\n" + line + b"half a li")
    os.close(theirs)
    assert [said async for said in read_reports(ours)] == [REPORT, REPORT]


async def test_a_line_without_end_is_passed_over() -> None:
    import threading

    ours, theirs = os.pipe()

    def write() -> None:
        with os.fdopen(theirs, "wb") as pipe:
            pipe.write(b"x" * (3 * MAX_LINE) + b"\n" + json.dumps(LINE).encode() + b"\n")

    writer = threading.Thread(target=write)
    writer.start()
    assert [said async for said in read_reports(ours)] == [REPORT]
    writer.join()
