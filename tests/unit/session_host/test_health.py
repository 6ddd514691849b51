from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from session_host.health import CUT_OFF_S, SILENT_S, form, trouble
from tests.conftest import ROOT

NOW = 1_000.0


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (form(NOW, NOW), None),
        (form(NOW - SILENT_S + 1, NOW - CUT_OFF_S + 1), None),
        (form(NOW - SILENT_S - 1, NOW - 1), "does not beat"),
        (form(NOW, NOW - CUT_OFF_S - 1), "leases"),
        (form(NOW + 500, NOW), "does not beat"),  # the machine was started anew, its clock with it
        (form(NOW, NOW + 500), "leases"),
        (form(NOW, float("nan")), "leases"),
        ("", "says nothing"),
        ("1.0", "says nothing"),
        ("alive and well", "says nothing"),
    ],
)
def test_a_host_is_alive_while_it_beats_and_reaches_its_leases(text: str, wrong: str | None) -> None:
    said = trouble(text, NOW)
    assert said is None if wrong is None else wrong in str(said)


def check(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "session_host.health"],
        env={"PATH": os.environ["PATH"], **env},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_says_by_its_exit_code_what_the_file_says(tmp_path: Path) -> None:
    file = tmp_path / "alive"
    assert check({"HIVEWP_HEALTH_FILE": str(file)}).returncode == 1
    now = time.monotonic()
    file.write_text(form(now, now))
    assert check({"HIVEWP_HEALTH_FILE": str(file)}).returncode == 0
    file.write_text(form(now - 2 * SILENT_S, now))
    done = check({"HIVEWP_HEALTH_FILE": str(file)})
    assert (done.returncode, done.stderr) == (1, "the supervisor does not beat\n")
    assert check({}).returncode == 1


def test_it_loads_nothing_of_the_host() -> None:
    code = "import sys, os, time; old = set(sys.modules); import session_host.health; print(*set(sys.modules) - old)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"session_host", "session_host.health", "__future__"}
