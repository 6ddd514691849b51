"""The worker's own fence: a timer in the kernel that ends the process when its lease has not been seen renewed.

The signal has no handler, so nothing in this process is needed for it to die: not the event loop, not the interpreter's
lock, not the native library (which leaves SIGALRM alone). A process that was stopped dies when it is continued.
"""

from __future__ import annotations

import signal
from collections.abc import Callable

SLACK_S = 0.05

SetTimer = Callable[[float], object]


def arm(until: float, clock: Callable[[], float], set_timer: SetTimer | None = None) -> None:
    """Lets the process die at `until` on the clock, which must be the machine's monotonic one; at once if it is past.

    The timer of an earlier call stays in force until this one is set.
    """
    set_timer = set_timer or _set_kernel_timer
    while True:
        before = clock()
        set_timer(max(until - before, 1e-6))  # zero would switch it off
        if clock() - before < SLACK_S:  # else we were stopped in between, and the timer is late by as much
            return


def unblock() -> None:
    """Makes sure that the signal does what it does by default, whatever this process has inherited."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})


def _set_kernel_timer(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_REAL, seconds)
