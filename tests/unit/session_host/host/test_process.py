"""A start that fails leaves neither a process nor a descriptor behind."""

from __future__ import annotations

import errno
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
