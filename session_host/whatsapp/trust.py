"""Makes the library trust a local WhatsApp server by replacing the root of its certificates in memory.

The root key stands once in the library's writable data; no file is changed, and the process's end undoes it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from pathlib import Path

KEY_LENGTH = 32
WHATSAPP_ROOT = bytes.fromhex("142375574d0a587166aae71ebe516437c4a28b73e3695c6ce1f7f9545da8ee6b")


class TrustError(RuntimeError):
    """The root could not be replaced; the library is unchanged."""


def trust_root(library: Path, key: bytes) -> None:
    """Makes the loaded `library` accept certificates under the Curve25519 public `key` instead of WhatsApp's."""
    if len(key) != KEY_LENGTH:
        raise TrustError(f"a root key has {KEY_LENGTH} bytes, this one {len(key)}")
    if (hits := replace_data(library, WHATSAPP_ROOT, key)) != 1:
        raise TrustError(f"WhatsApp's root key was found {hits} times in {library.name}, not once")


def replace_data(library: Path, old: bytes, new: bytes) -> int:
    """How often `old` stands in the writable data of the loaded `library`; where that is once, `new` is put there."""
    if len(old) != len(new):
        raise ValueError("data can be replaced only by as much")
    hits = [address for start, end in _data_of(library) for address in _find(start, end, old)]
    if len(hits) == 1:
        ctypes.memmove(hits[0], new, len(new))
    return len(hits)


def writable_ranges(maps: Iterable[str], path: str) -> Iterator[tuple[int, int]]:
    """The writable address ranges of the file `path`: what has a value when it is loaded. What lies behind them may
    be anybody's memory, copies of this data among it."""
    for line in maps:
        fields = line.split(maxsplit=5)
        if len(fields) > 5 and fields[5].strip() == path and fields[1].startswith("rw"):
            start, end = fields[0].split("-")
            yield int(start, 16), int(end, 16)


def _data_of(library: Path) -> list[tuple[int, int]]:
    with Path("/proc/self/maps").open() as maps:
        return list(writable_ranges(maps, str(library.resolve())))


def _find(start: int, end: int, wanted: bytes) -> Iterator[int]:
    data = ctypes.string_at(start, end - start)
    at = data.find(wanted)
    while at >= 0:
        yield start + at
        at = data.find(wanted, at + 1)
