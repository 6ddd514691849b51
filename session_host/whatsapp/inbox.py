"""What WhatsApp takes for delivered, on disk from the library's callback until it is logged.

The library tells WhatsApp that a message has arrived as soon as it has decrypted it, and WhatsApp forgets it then. What
it tells is therefore written down at once, on the library's own thread, before the event loop hears of it; the next
process tells it again if this one dies, and the store's next session in this process if the one that heard it was gone
before it could tell. A file beside the session store, without fsync: it outlives the process, not a power cut. It is
gone while there is nothing to remember.

Each record: length and CRC-32 of its data, a number, the event's kind, the data. One of kind 0 tells which numbers have
been taken, once a second. What a death tore off is passed over. After a write that failed the file is written anew,
since what was torn off would hide what comes behind it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import struct
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from zlib import crc32

SUFFIX, FRESH = ".inbox", ".inbox.new"
TIDY_S = 1.0  # what was taken since then may be told again
MOST_BYTES = 1 << 20  # before what was taken is left out

_TAKEN = 0
_HEAD = struct.Struct(">IIQB")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """An event that is not known to be taken."""

    number: int
    kind: int
    data: bytes


class Inbox:
    """The one of a store; there must be only one of it in a process."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._path, self._fresh = (store.with_name(store.name + suffix) for suffix in (SUFFIX, FRESH))
        self._files = threading.Lock()
        self._waiting: dict[int, bytes] = {}
        self._untold: dict[int, Kept] = {}
        self._taken: deque[int] = deque()
        self._numbers = count(1)
        self._descriptor: int | None = None
        self._size = 0
        self._rewrite_at = MOST_BYTES
        self._opened = False
        self._tidying = False

    def wanted(self) -> bool:
        """Whether there is a store that it belongs to. From any thread."""
        return self._store.exists()

    def __del__(self) -> None:
        self._close()

    def left(self) -> list[Kept]:
        """What was kept and never told in this process; `telling` says what nobody tells meanwhile. Blocks.

        To be asked before anything is kept. Raises OSError when what an earlier process kept cannot be read.
        """
        with self._files:
            if not self._opened:
                self._read()
                self._opened = True
            if self._descriptor is not None and not self._path.exists():  # its store was erased
                self._close()
                self._rewrite_at = 0
            return list(self._untold.values())

    def telling(self, number: int) -> bool:
        """Whether the event is still to be told, by whoever asks. On the loop's thread; does not block."""
        return self._untold.pop(number, None) is not None

    def keep(self, kind: int, data: bytes) -> int:
        """Writes an event down, or logs that it cannot; gives its number. Blocks; from any thread."""
        with self._files:
            number = next(self._numbers)
            kept = self._untold[number] = Kept(number, kind, data)
            self._waiting[number] = record = _record(kept)
            with self._logged("a message is not kept until it is logged"):
                self._append(record)
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
            with self._logged("cannot be tidied"):
                if self._waiting:
                    self._append(_record(Kept(0, _TAKEN, struct.pack(f">{len(numbers)}Q", *numbers))))
                else:
                    self._close()
                    self._path.unlink(missing_ok=True)

    def _read(self) -> None:
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return
        self._untold = {each.number: each for each in _untaken(_records(data))}
        self._waiting = {number: _record(each) for number, each in self._untold.items()}
        self._numbers = count(max(self._waiting, default=0) + 1)
        self._rewrite_at = 0  # without what was torn off

    @contextmanager
    def _logged(self, trouble: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._rewrite_at = 0
            _log.warning("%s: %s: %s", self._path.name, trouble, error.strerror)

    def _append(self, record: bytes) -> None:
        if self._size + len(record) > self._rewrite_at:
            self._write_anew()
            return
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self._size = os.fstat(self._descriptor).st_size
        self._write(self._descriptor, record)

    def _write(self, descriptor: int, data: bytes) -> None:
        if os.write(descriptor, data) < len(data):
            raise OSError(0, "no room")
        self._size += len(data)

    def _write_anew(self) -> None:
        """Only what waits, in a new file that then takes the old one's place."""
        self._close()
        descriptor = os.open(self._fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        self._size = 0
        try:
            self._write(descriptor, b"".join(list(self._waiting.values())))
            self._fresh.replace(self._path)
        except OSError:
            os.close(descriptor)
            with suppress(OSError):
                self._fresh.unlink()
            raise
        self._descriptor = descriptor
        self._rewrite_at = max(MOST_BYTES, 2 * self._size)

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
