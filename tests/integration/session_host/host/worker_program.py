"""A worker as its host sees one: notes its life in a file, reports, has a child of its own, drains on SIGTERM."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

from session_host.worker.alarm import arm
from shared.processes import bound_to_us

lease: dict[str, Any] = {}


def note(what: str) -> None:
    """One line that others can wait for: what, partition, epoch, host, our pid."""
    env = os.environ
    line = (what, lease["partition"], lease["epoch"], env["HIVEWP_HOST_ID"], os.getpid())
    with Path(env["TEST_NOTES"]).open("a") as notes:
        notes.write(" ".join(map(str, line)) + "\n")


def say(message: object) -> None:
    """A line of the report pipe."""
    os.write(int(os.environ["HIVEWP_WORKER_REPORT_FD"]), json.dumps(message).encode() + b"\n")


def follow(orders: TextIO) -> None:
    """Lives for as long as it may."""
    for line in orders:
        arm(json.loads(line)["until"], time.monotonic)


def main() -> None:
    """Stands by, works until SIGTERM, and dies by its alarm when it is not told that its lease goes on."""
    global lease
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    subprocess.Popen(bound_to_us([sys.executable, "-ISc", "import time; time.sleep(1000)"]))
    say({"warm": True})
    orders = os.fdopen(int(os.environ["HIVEWP_WORKER_ORDERS_FD"]))
    first = json.loads(orders.readline())
    lease = first["work"]
    arm(first["until"], time.monotonic)
    threading.Thread(target=follow, args=(orders,), daemon=True).start()
    say({"ready": True})
    counts = {"states": {"connected": 3}, "memory": 1000, "threads": 1, "descriptors": 4, "ended": 3, "stuck": 0}
    say({"partition": lease["partition"], "pid": os.getpid(), **counts, "oldest_command": 0})
    note("start")
    stop.wait()
    note("drained")


if __name__ == "__main__":
    main()
