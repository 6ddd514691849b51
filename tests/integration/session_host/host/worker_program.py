"""A worker as its host sees one: notes its life in a file, reports, has a child of its own, drains on SIGTERM."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from shared.processes import bound_to_us


def note(what: str) -> None:
    """One line that others can wait for: what, partition, epoch, host, our pid."""
    env = os.environ
    line = (what, env["HIVEWP_WORKER_PARTITION"], env["HIVEWP_WORKER_EPOCH"], env["HIVEWP_HOST_ID"], os.getpid())
    with Path(env["TEST_NOTES"]).open("a") as notes:
        notes.write(" ".join(map(str, line)) + "\n")


def say(message: object) -> None:
    """A line of the report pipe."""
    os.write(int(os.environ["HIVEWP_WORKER_REPORT_FD"]), json.dumps(message).encode() + b"\n")


def main() -> None:
    """Runs until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    subprocess.Popen(bound_to_us([sys.executable, "-ISc", "import time; time.sleep(1000)"]))
    say({"ready": True})
    counts = {"states": {"connected": 3}, "memory": 1000, "threads": 1, "descriptors": 4}
    say({"partition": int(os.environ["HIVEWP_WORKER_PARTITION"]), "pid": os.getpid(), **counts})
    note("start")
    stop.wait()
    note("drained")


if __name__ == "__main__":
    main()
