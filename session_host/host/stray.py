"""What a worker process, or one that it started, printed past its log: the native library's words, a crash's trace."""

from __future__ import annotations

import logging
import os
from contextlib import suppress

MOST_BYTES = 16_384  # of one line of the log
NOISE = {"", "Press Ctrl+C to exit"}  # the library says so for each session

_log = logging.getLogger(__name__)


class Stray:
    """The reading end of the pipe that is the process's standard error."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self.descriptor = descriptor

    def hear(self, pid: int) -> int | None:
        """Logs what there is, as one line. How many bytes that were: 0 at the end, None when there was nothing."""
        try:
            data = os.read(self.descriptor, MOST_BYTES)
        except BlockingIOError:
            return None
        said = [line for line in data.decode(errors="replace").splitlines() if line.strip() not in NOISE]
        if said:
            _log.warning("printed by worker process %d: %s", pid, "\n".join(said))
        return len(data)

    def end(self, pid: int) -> None:
        """Logs the rest and closes it."""
        with suppress(OSError):
            while self.hear(pid):
                pass
        os.close(self.descriptor)
