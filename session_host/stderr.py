"""Standard error of the processes that load the native library: it prints there what it likes, a crash's trace at last.

    a worker's or pairing process's own lines --LOG_FD--> where its host writes its own
    whatever else is printed in them  --descriptor 2--> the host, which logs it (host/stray.py)

Its own lines do not pass through the host, which may hang.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TextIO

LOG_FD = "HIVEWP_WORKER_LOG_FD"


def log_stream(env: Mapping[str, str]) -> TextIO | None:
    """Where the process's own lines go; None is standard error, for one that was started by no host."""
    descriptor = env.get(LOG_FD)
    return os.fdopen(int(descriptor), "w", buffering=1, closefd=False) if descriptor else None


def log_descriptors(env: Mapping[str, str]) -> tuple[int, ...]:
    """What a process that is started with this environment must inherit for it."""
    return (int(env[LOG_FD]),) if LOG_FD in env else ()
