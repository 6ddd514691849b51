"""Becomes another program that gets a signal when its parent dies: `python -I -S leash.py <signal> <parent> <argv...>`.

A step of its own between fork and exec, because Python code in a forked child of a process with threads may hang.
Without Linux it only becomes the program.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    number, parent, argv = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit("the supervisor is gone")
    os.execvpe(argv[0], argv, os.environ)  # noqa: S606 - no shell is meant


main()
