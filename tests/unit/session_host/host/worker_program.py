"""A worker for tests: each argument is a thing to do, in order.

say:<text>      a line through the report pipe
note:<file>     our pid into a file
orders:<file>   waits for the first order and writes it to a file
more:<file>     waits for the next order and writes it to a file
board:<key>     notes a key on the board
child:<file>    starts a process that would stay, its pid into a file
deaf            ignores SIGTERM
once:<file>     goes on with the next step only if the file is not there, and makes it; else skips that step
exit:<code>     ends
die:<signal>    ends by a signal
wait            until SIGTERM, then ends with 0
env:<file>      our environment into a file
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())


def write(file: str, text: str) -> None:
    """Whole or not at all, so that a reader who sees the file sees the text."""
    Path(f"{file}.new").write_text(text)
    Path(f"{file}.new").rename(file)


def order() -> str:
    """The next line of the orders."""
    line = b""
    while not line.endswith(b"\n"):
        line += os.read(int(os.environ["HIVEWP_WORKER_ORDERS_FD"]), 1)
    return line.decode()


skip = False
for step in sys.argv[1:]:
    what, _, value = step.partition(":")
    if skip:
        skip = False
    elif what == "once":
        skip = Path(value).exists()
        write(value, "")
    elif what == "say":
        os.write(int(os.environ["HIVEWP_WORKER_REPORT_FD"]), value.encode() + b"\n")
    elif what == "note":
        write(value, str(os.getpid()))
    elif what in {"orders", "more"}:
        write(value, order())
    elif what == "board":
        os.pwrite(int(os.environ["HIVEWP_WORKER_BOARD_FD"]), value.encode(), 256)
    elif what == "child":
        child = subprocess.Popen([sys.executable, "-ISc", "import time; time.sleep(60)"])
        write(value, str(child.pid))
    elif what == "env":
        write(value, json.dumps(dict(os.environ)))
    elif what == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    elif what == "exit":
        sys.exit(int(value))
    elif what == "die":
        signal.signal(int(value), signal.SIG_DFL) if int(value) != signal.SIGKILL else None
        os.kill(os.getpid(), int(value))
    elif what == "wait":
        stop.wait()
