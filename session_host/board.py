"""A board in memory that a worker shares with its supervisor: which instances it is inside the native library for.

The library can end the process at any moment, without a word. What was on the board then is there for the supervisor
to read, and writing it costs neither a system call nor a wait. One slot per call under way, empty or holding a key.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager

SLOTS = 256  # more calls at once are simply not noted
SLOT_BYTES = 256
_EMPTY = bytes(SLOT_BYTES)


def create() -> int:
    """A descriptor of an empty board; it can be inherited."""
    descriptor = os.memfd_create("hivewp-board", 0)
    os.ftruncate(descriptor, SLOTS * SLOT_BYTES)
    return descriptor


def read(descriptor: int) -> frozenset[str]:
    """The keys that are on a board."""
    text = os.pread(descriptor, SLOTS * SLOT_BYTES, 0)
    slots = (text[at : at + SLOT_BYTES].rstrip(b"\0") for at in range(0, len(text), SLOT_BYTES))
    return frozenset(slot.decode(errors="replace") for slot in slots if slot)


class Board:
    """The worker's side, for one thread."""

    def __init__(self, descriptor: int) -> None:
        self._memory = mmap.mmap(descriptor, SLOTS * SLOT_BYTES)
        self._free = list(range(SLOTS))

    def begin(self, key: str) -> int | None:
        """Notes a key until `end` is called with what this gives back."""
        text = key.encode()[:SLOT_BYTES]
        if not self._free:
            return None
        slot = self._free.pop()
        self._write(slot, text + _EMPTY[len(text) :])
        return slot

    def end(self, slot: int | None) -> None:
        """Takes a note off."""
        if slot is not None:
            self._write(slot, _EMPTY)
            self._free.append(slot)

    @contextmanager
    def noted(self, key: str) -> Iterator[None]:
        """Has a key on the board for the length of a block."""
        slot = self.begin(key)
        try:
            yield
        finally:
            self.end(slot)

    def _write(self, slot: int, data: bytes) -> None:
        self._memory[slot * SLOT_BYTES : (slot + 1) * SLOT_BYTES] = data
