"""A start that fails leaves neither a process nor a descriptor behind; what a process prints is logged."""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from session_host import board
from session_host.host.process import Process
from session_host.settings import Channels


def refused(*_arguments: object) -> int:
    raise OSError(errno.EMFILE, "Too many open files")


def environment(_channels: Channels) -> Mapping[str, str]:
    return {"PATH": os.environ["PATH"]}


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize(("module", "name"), [(os, "pidfd_open"), (board, "create"), (os, "set_blocking")])
def test_nothing_is_left_of_a_start_that_fails(monkeypatch: pytest.MonkeyPatch, module: object, name: str) -> None:
    before, children = descriptors(), psutil.Process().children(recursive=True)
    monkeypatch.setattr(module, name, refused)
    with pytest.raises(OSError, match="Too many open files"):
        Process((sys.executable, "-IS", "-c", "import time; time.sleep(1000)"), environment)
    assert descriptors() == before
    assert psutil.Process().children(recursive=True) == children


PRINTS = """
import os, time
os.write(2, b"Press Ctrl+C to exit\\n")
os.write(2, b"panic: no\\n\\ngoroutine 1 [running]:\\n")
os.write(int(os.environ["HIVEWP_WORKER_LOG_FD"]), b"")
os.write(2, b"of 5511999998888\\n" * 2000)
os._exit(2)
"""


async def test_what_it_prints_past_its_log_is_logged_to_its_last_word(caplog: pytest.LogCaptureFixture) -> None:
    before = descriptors()
    process = Process((sys.executable, "-IS", "-c", PRINTS), environment)
    with caplog.at_level(logging.WARNING):
        assert await process.wait() == 2
    process.take_notes()
    os.close(process.reports)  # its readers do that else
    texts = [record.getMessage() for record in caplog.records]
    assert all(text.startswith(f"printed by worker process {process.pid}: ") for text in texts)
    said = "\n".join(text.partition(": ")[2] for text in texts)
    assert said.startswith("panic: no\ngoroutine 1 [running]:")
    assert "Ctrl+C" not in said
    assert said.count("5511999998888") >= 1990  # a line may be cut in two
    assert descriptors() == before
