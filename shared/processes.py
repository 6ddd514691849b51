"""Child processes that do not outlive their parent.

Run as a program, this file asks the kernel to signal it when its parent dies and then becomes the command it is given:

    python shared/processes.py <parent's pid> <signal> <command> [argument ...]
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def bound_to_us(command: Sequence[str], death_signal: signal.Signals = signal.SIGKILL) -> list[str]:
    """The command line that runs `command`, in the same process, until it ends or this process does.

    The kernel watches the thread that starts it, so start it from one that stays: the main thread. Children of the
    command are not bound. Only Linux can do this; elsewhere it is `command` itself.
    """
    if sys.platform != "linux":
        return list(command)
    # isolated and without site-packages: what the command inherits is its environment alone
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(int(death_signal)), *command]


def _become(parent: int, death_signal: int, command: list[str]) -> None:
    import ctypes

    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:
        sys.exit(1)  # it died before the kernel was asked
    os.execvp(command[0], command)  # noqa: S606 - the caller's own argument list


if __name__ == "__main__":
    _become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
