"""WhatsApp's token dictionary, read from the file of the installed neonize library.

The client keeps its tokens (236 single-byte ones, then 4 x 256 double-byte ones) as consecutive Go string headers of
address and length. In the shared object on disk each address is the addend of a RELATIVE relocation, so nothing is
loaded to read them, and they always match the client that is installed.
"""

import mmap
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from local.whatsapp.protos import neonize_folder

SINGLE = 236
PAGES = 4
PAGE = 256
# Entry 0 is the empty string, these follow it.
FIRST = (b"xmlstreamstart", b"xmlstreamend", b"s.whatsapp.net")
RELATIVE_RELOCATION = {62: 8, 183: 1027}  # ELF machine (x86-64, aarch64) -> relocation type
PROGBITS, RELA = 1, 4
HEADER = 16  # bytes of a Go string header


class TokensNotFoundError(Exception):
    """The library holds no token dictionary where one is expected: probably a new major version of it."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Dictionary version 3: `single[i]`, and `double[page][i]`."""

    single: tuple[str, ...]
    double: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class _Section:
    kind: int
    address: int
    offset: int
    size: int


@cache
def installed_tokens() -> Tokens:
    """The tokens of the installed neonize. Raises TokensNotFoundError."""
    return read_tokens(next(neonize_folder().glob("neonize-linux-*.so")))


def read_tokens(library: Path) -> Tokens:
    """The tokens in a shared object. Raises TokensNotFoundError."""
    with library.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as blob:
        words = _Library(blob).words(SINGLE + PAGES * PAGE)
    pages = tuple(tuple(words[start : start + PAGE]) for start in range(SINGLE, len(words), PAGE))
    return Tokens(tuple(words[:SINGLE]), pages)


class _Library:
    def __init__(self, blob: mmap.mmap) -> None:
        self._blob = blob
        self._sections = list(_sections(blob))
        self._targets = self._relative_targets()

    def words(self, count: int) -> list[str]:
        first = self._first_slot() - HEADER
        return [self._string(first + HEADER * index) for index in range(count)]

    def _relative_targets(self) -> dict[int, int]:
        """Address of a pointer -> address it points to."""
        (machine,) = struct.unpack_from("<H", self._blob, 18)
        wanted = RELATIVE_RELOCATION.get(machine)
        targets: dict[int, int] = {}
        for section in self._sections:
            if section.kind == RELA:
                raw = self._blob[section.offset : section.offset + section.size]
                entries = struct.iter_unpack("<QIIq", raw)
                targets.update((where, addend) for where, kind, _, addend in entries if kind == wanted)
        return targets

    def _first_slot(self) -> int:
        places = {self._address(found.start()) for found in re.finditer(FIRST[0], self._blob)}
        for slot, target in self._targets.items():
            if target in places and all(self._string(slot + HEADER * i) == w.decode() for i, w in enumerate(FIRST)):
                return slot
        raise TokensNotFoundError("no token dictionary in the neonize library")

    def _string(self, slot: int) -> str:
        (length,) = struct.unpack("<Q", self._read(slot + 8, 8).ljust(8, b"\0"))
        target = self._targets.get(slot, 0)
        return self._read(target, min(length, 64)).decode("utf-8", "replace") if length else ""

    def _read(self, address: int, length: int) -> bytes:
        for section in self._sections:
            if section.kind == PROGBITS and section.address <= address < section.address + section.size:
                start = section.offset + address - section.address
                return self._blob[start : start + length]
        return b""

    def _address(self, offset: int) -> int:
        for section in self._sections:
            if section.kind == PROGBITS and section.offset <= offset < section.offset + section.size:
                return section.address + offset - section.offset
        return 0


def _sections(blob: mmap.mmap) -> Iterator[_Section]:
    (table,) = struct.unpack_from("<Q", blob, 40)
    size, count = struct.unpack_from("<2H", blob, 58)
    for index in range(count):
        _, kind, _, address, offset, length = struct.unpack_from("<IIQQQQ", blob, table + index * size)
        yield _Section(kind, address, offset, length)
