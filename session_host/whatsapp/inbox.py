"""What WhatsApp takes for delivered, on disk from the library's callback until it is logged.

The library tells WhatsApp that a message has arrived as soon as it has decrypted it, and WhatsApp forgets it then. What
it tells is therefore written down at once, on the library's own thread, before the event loop hears of it; the next
process tells it again if this one dies. A file beside the session store, without fsync: it outlives the process, not a
power cut. It is gone while there is nothing to remember.

Each record: length and CRC-32 of its data, a number, the event's kind, the data. One of kind 0 tells which numbers have
been taken, once a second. What a death tore off is passed over.
"""

from __future__ import annotations

import asyncio
import logging
import os
import struct
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from zlib import crc32

SUFFIX = ".inbox"
TIDY_S = 1.0  # what was taken since then may be told again
MOST_BYTES = 1 << 20  # before what was taken is left out

_TAKEN = 0
_HEAD = struct.Struct(">IIQB")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """An event that was not taken before the process died."""

    number: int
    kind: int
    data: bytes


class Inbox:
    """The one of a store; there must be only one of it in a process."""

    def __init__(self, store: Path) -> None:
        self._path = store.with_name(store.name + SUFFIX)
        self._files = threading.Lock()
        self._waiting: dict[int, bytes] = {}
        self._taken: deque[int] = deque()
        self._numbers = count(1)
        self._descriptor: int | None = None
        self._size = 0
        self._rewrite_at = MOST_BYTES
        self._opened = False
        self._tidying = False

    def __del__(self) -> None:
        self._close()

    def left(self) -> list[Kept]:
        """What a process before this one kept and nobody took; only the first call gives it. Blocks."""
        with self._files:
            if self._opened:
                return []
            self._opened = True
            try:
                data = self._path.read_bytes()
            except FileNotFoundError:
                return []
            kept = _untaken(_records(data))
            self._waiting.update({each.number: _record(each) for each in kept})
            self._numbers = count(max(self._waiting, default=0) + 1)
            try:
                self._write_anew()  # without what was torn off
            except OSError as error:
                _log.warning("%s: cannot be written: %s", self._path.name, error.strerror)
            return kept

    def keep(self, kind: int, data: bytes) -> int:
        """Writes an event down, or logs that it cannot; gives its number. Blocks; from any thread."""
        with self._files:
            number = next(self._numbers)
            self._waiting[number] = record = _record(Kept(number, kind, data))
            try:
                self._append(record)
            except OSError as error:
                _log.warning("%s: a message is not kept until it is logged: %s", self._path.name, error.strerror)
        return number

    def taken(self, number: int) -> None:
        """The event is safe elsewhere. On the loop's thread; does not block."""
        self._waiting.pop(number, None)
        self._taken.append(number)
        if not self._tidying:
            self._tidying = True
            loop = asyncio.get_running_loop()
            loop.call_later(TIDY_S, lambda: loop.run_in_executor(None, self.tidy))

    def tidy(self) -> None:
        """Writes down what was taken, or removes the file if there is nothing to remember. Blocks."""
        with self._files:
            self._tidying = False
            numbers = [self._taken.popleft() for _ in range(len(self._taken))]
            try:
                if self._waiting:
                    self._append(_record(Kept(0, _TAKEN, struct.pack(f">{len(numbers)}Q", *numbers))))
                else:
                    self._close()
                    self._path.unlink(missing_ok=True)
            except OSError as error:
                _log.warning("%s: cannot be tidied: %s", self._path.name, error.strerror)

    def _append(self, record: bytes) -> None:
        if self._size + len(record) > self._rewrite_at:
            self._write_anew()
            self._rewrite_at = max(MOST_BYTES, 2 * self._size)
            return
        if self._descriptor is None:
            self._opened = True
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self._size = os.fstat(self._descriptor).st_size
        self._write(self._descriptor, record)

    def _write(self, descriptor: int, data: bytes) -> None:
        try:
            if os.write(descriptor, data) < len(data):
                raise OSError(0, "no room")
        except OSError:
            os.ftruncate(descriptor, self._size)  # half a record would hide those behind it
            raise
        self._size += len(data)

    def _write_anew(self) -> None:
        """Only what waits, in a new file that then takes the old one's place."""
        self._close()
        fresh = self._path.with_name(self._path.name + ".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        self._size = 0
        try:
            self._write(descriptor, b"".join(list(self._waiting.values())))
            fresh.replace(self._path)
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _record(kept: Kept) -> bytes:
    return _HEAD.pack(len(kept.data), crc32(kept.data), kept.number, kept.kind) + kept.data


def _untaken(records: Iterable[Kept]) -> list[Kept]:
    kept: dict[int, Kept] = {}
    for record in records:
        if record.kind == _TAKEN:
            for (number,) in struct.iter_unpack(">Q", record.data):
                kept.pop(number, None)
        else:
            kept[record.number] = record
    return list(kept.values())


def _records(data: bytes) -> Iterator[Kept]:
    at = 0
    while at + _HEAD.size <= len(data):
        length, checksum, number, kind = _HEAD.unpack_from(data, at)
        event = data[at + _HEAD.size : at + _HEAD.size + length]
        if len(event) < length or crc32(event) != checksum:
            return
        yield Kept(number, kind, event)
        at += _HEAD.size + length
