from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.stack.lock import AlreadyRuns, StackLock

HOLD = """
import subprocess, sys
from pathlib import Path
from local.stack.lock import StackLock
lock = StackLock.take(Path(sys.argv[1]))
part = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=0, pass_fds=[lock.fd])
print("held", flush=True)
part.wait()
"""


def test_a_folder_is_taken_once_and_free_again_after_release(tmp_path: Path) -> None:
    lock = StackLock.take(tmp_path / "lock")
    with pytest.raises(AlreadyRuns, match="already runs"):
        StackLock.take(tmp_path / "lock")
    lock.release()
    StackLock.take(tmp_path / "lock").release()


def test_parts_of_a_killed_stack_still_hold_it_until_they_have_ended(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(AlreadyRuns, match=str(holder.pid)):
        StackLock.take(tmp_path / "lock")
    holder.kill()
    os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)  # dead, but a zombie still
    with pytest.raises(AlreadyRuns):
        StackLock.take(tmp_path / "lock", wait_s=0.1)
    holder.stdin.close()  # lets the part end
    StackLock.take(tmp_path / "lock", wait_s=60).release()
    holder.wait()
    holder.stdout.close()
