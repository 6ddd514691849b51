"""Runs a command that can write nowhere but in the folders named first: `read_only.py FOLDER ... -- COMMAND ...`.

Stands in for a container with a read-only root file system: the kernel (Landlock) refuses this process and all that it
starts to make, change or remove any other file. Exit code 77: the kernel has no Landlock.
"""

from __future__ import annotations

import ctypes
import os
import sys

NOT_SUPPORTED = 77

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on all machines
_PR_SET_NO_NEW_PRIVS = 38
_VERSION, _PATH_BENEATH = 1, 1
_WRITE_FILE, _REFER, _TRUNCATE = 1 << 1, 1 << 13, 1 << 14
_REMOVE_AND_MAKE = sum(1 << bit for bit in range(4, 13))

_kernel = ctypes.CDLL(None, use_errno=True)


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def _call(number: int, *arguments: object) -> int:
    result = int(_kernel.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def restrict(writable: list[str]) -> None:
    """For this process and its children, for good. Raises OSError where the kernel cannot do it."""
    version = _call(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    writes = _WRITE_FILE | _REMOVE_AND_MAKE
    writes |= (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    handled = ctypes.c_uint64(writes)
    rules = _call(_CREATE_RULESET, ctypes.byref(handled), ctypes.c_size_t(8), ctypes.c_uint32(0))
    for folder in writable:
        beneath = _Beneath(writes, os.open(folder, os.O_PATH))
        _call(_ADD_RULE, ctypes.c_int(rules), ctypes.c_int(_PATH_BENEATH), ctypes.byref(beneath), ctypes.c_uint32(0))
    if _kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    _call(_RESTRICT_SELF, ctypes.c_int(rules), ctypes.c_uint32(0))


if __name__ == "__main__":
    split = sys.argv.index("--")
    try:
        restrict([*sys.argv[1:split], "/dev"])  # a container has a /dev of its own
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(NOT_SUPPORTED)
    os.execvp(sys.argv[split + 1], sys.argv[split + 1 :])  # noqa: S606 - the caller's own argument list
