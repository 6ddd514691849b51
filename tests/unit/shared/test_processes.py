from __future__ import annotations

import os
import signal
import subprocess
import sys

from shared.processes import bound_to_us

PARENT = """
import subprocess, sys
from shared.processes import bound_to_us
child = subprocess.Popen(bound_to_us([sys.executable, "-ISc", "print(flush=True); import time; time.sleep(60)"]))
sys.stdin.read()
"""


def test_a_command_runs_as_it_is_with_its_environment_and_its_number() -> None:
    code = "import os, sys; print(os.getpid(), os.environ['COLOUR'], sys.argv[1:])"
    command = bound_to_us([sys.executable, "-ISc", code, "a b", ""])
    with subprocess.Popen(command, env={"COLOUR": "blue"}, stdout=subprocess.PIPE, text=True) as child:
        said, _ = child.communicate(timeout=20)
    assert said == f"{child.pid} blue ['a b', '']\n"


def test_it_dies_with_its_parent_however_that_ends() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        parent.send_signal(signal.SIGKILL)
        assert parent.stdout.read() == b""  # the child held the other end


def test_started_by_somebody_else_it_ends_at_once() -> None:
    command = bound_to_us([sys.executable, "-ISc", "print('ran')"])
    command[command.index(str(os.getpid()))] = "1"
    done = subprocess.run(command, capture_output=True, check=False, timeout=20)
    assert (done.returncode, done.stdout) == (1, b"")
