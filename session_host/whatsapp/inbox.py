"""What WhatsApp takes for delivered, on disk from the library's callback until it is logged.

The library tells WhatsApp that a message has arrived as soon as it has decrypted it, and WhatsApp forgets it then. What
it tells is therefore written down at once, on the library's own thread, before the event loop hears of it; the next
process tells it again if this one dies. A file beside the session store, without fsync: it outlives the process, not a
power cut. It is gone while there is nothing to remember.

Each record: length and CRC-32 of what follows, the event's kind, its data. What a death tore off is passed over.
"""

from __future__ import annotations

import asyncio
import logging
import os
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from zlib import crc32

SUFFIX = ".inbox"
TIDY_S = 1.0  # the file of a busy session need not go and come with every message
MOST_BYTES = 1 << 20  # before what was taken is left out

_HEAD = struct.Struct(">IIB")
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
            kept = [Kept(next(self._numbers), kind, event) for kind, event in _records(data)]
            self._waiting.update({each.number: _record(each.kind, each.data) for each in kept})
            try:
                self._write_anew()  # without what was torn off
            except OSError as error:
                _log.warning("%s: cannot be written: %s", self._path.name, error.strerror)
            return kept

    def keep(self, kind: int, data: bytes) -> int:
        """Writes an event down, or logs that it cannot; gives its number. Blocks; from any thread."""
        number, record = next(self._numbers), _record(kind, data)
        with self._files:
            self._waiting[number] = record
            try:
                self._append(record)
            except OSError as error:
                _log.warning("%s: a message is not kept until it is logged: %s", self._path.name, error.strerror)
        return number

    def taken(self, number: int) -> None:
        """The event is safe elsewhere. On the loop's thread; does not block."""
        self._waiting.pop(number, None)
        if not self._waiting and not self._tidying:
            self._tidying = True
            loop = asyncio.get_running_loop()
            loop.call_later(TIDY_S, lambda: loop.run_in_executor(None, self.tidy))

    def tidy(self) -> None:
        """Removes the file if there is nothing to remember. Blocks."""
        with self._files:
            self._tidying = False
            if self._waiting or not self._opened:
                return
            self._close()
            self._path.unlink(missing_ok=True)

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


def _record(kind: int, data: bytes) -> bytes:
    return _HEAD.pack(len(data), crc32(data), kind) + data


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + _HEAD.size <= len(data):
        length, checksum, kind = _HEAD.unpack_from(data, at)
        event = data[at + _HEAD.size : at + _HEAD.size + length]
        if len(event) < length or crc32(event) != checksum:
            return
        yield kind, event
        at += _HEAD.size + length
