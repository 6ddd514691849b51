"""The templates that all tests of the infrastructure look at: synthesised once per test run, whoever comes first."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SYNTHESISE = Path(__file__).with_name("synthesise.py")
SYNTHESIS_S = 300

Template = dict[str, Any]
Synthesis = Callable[[str], Template]


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of the synthesised app, shared by all workers of the test run. Nothing in it may be changed."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    folder = shared / "assembly"
    with (shared / "assembly.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "manifest.json").exists():
            _synthesise(folder)
    return folder


def _synthesise(folder: Path) -> None:
    """As a process that has neither credentials nor a home where it could find some."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder.parent), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(SYNTHESISE), str(folder)]
    done = subprocess.run(
        command, env=env, cwd=folder.parent, capture_output=True, text=True, check=False, timeout=SYNTHESIS_S
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def template(assembly: Path) -> Synthesis:
    """The template of a stack by its name, such as `hivewp-prod-data`."""

    def read(stack: str) -> Template:
        parsed: Template = json.loads((assembly / f"{stack}.template.json").read_text())
        return parsed

    return read
