"""Whether the host in this container is alive: `python -m session_host.health`, with the host's environment.

Exit 0: its supervisor runs, and has read or renewed its leases lately. Exit 1, with a line that says why: it does not.

The supervisor keeps two times in the file HIVEWP_HEALTH_FILE (host/pulse.py), both of the machine's monotonic clock.
It is fresh every BEAT_S. A store that does not answer is not cured by another host, which would need a minute until it
serves while this one goes on at once: the leases have more time. Imports next to nothing, for it runs all the time.
"""

from __future__ import annotations

import os
import sys
import time

VARIABLE = "HIVEWP_HEALTH_FILE"
BEAT_S = 5.0
SILENT_S = 30.0  # the event loop of a healthy supervisor never hangs for so long
CUT_OFF_S = 120.0


def form(now: float, leases: float) -> str:
    """What the file says: written at `now`, the leases last seen at `leases`."""
    return f"{now:.3f} {leases:.3f}\n"


def trouble(text: str, now: float) -> str | None:
    """What is wrong by what the file says; None: nothing."""
    try:
        beat, leases = (float(word) for word in text.split())
    except ValueError:
        return "the health file says nothing"
    if not 0 <= now - beat <= SILENT_S:  # less than 0: of an earlier start of the machine
        return "the supervisor does not beat"
    if not 0 <= now - leases <= CUT_OFF_S:
        return "the leases could not be reached for too long"
    return None


def main() -> int:
    """The exit code."""
    file = os.environ.get(VARIABLE)
    if not file:
        sys.stderr.write(f"{VARIABLE} must be set\n")
        return 1
    try:
        with open(file) as health:  # noqa: PTH123 - pathlib takes longer to import than all the rest
            wrong = trouble(health.read(), time.monotonic())
    except OSError as error:
        wrong = f"there is no health file: {error.strerror}"
    if wrong:
        sys.stderr.write(f"{wrong}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
