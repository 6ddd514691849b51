"""Names of things: a prefix that tells the kind, then 26 characters that sort by time of making (ULID)."""

from __future__ import annotations

import secrets
import threading
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32
_LENGTH = 26
_lock = threading.Lock()
_last = 0


def new_id(prefix: str) -> str:
    """A fresh id such as `msg_01jd...`; ids of one process sort in the order they were made."""
    return f"{prefix}_{_ulid()}"


def first_id_at(prefix: str, unix: float) -> str:
    """The id that sorts before all others made at that millisecond or later. `unix` in seconds."""
    return f"{prefix}_{_text(_whole_ms(unix) << 80)}"


def id_of(prefix: str, unix: float, seed: bytes) -> str:
    """The id of what happened at `unix` (seconds), the same for the same `seed` (10 bytes of it count)."""
    return f"{prefix}_{_text(_whole_ms(unix) << 80 | int.from_bytes(seed[:10], 'big'))}"


def made_at(name: str) -> float:
    """When an id was made, in unix seconds. Raises ValueError when it is none."""
    text = name.rpartition("_")[2]
    if len(text) != _LENGTH:
        raise ValueError("not an id")
    value = 0
    for character in text[:10]:
        value = value << 5 | _ALPHABET.index(character)
    return value / 1000


def _ulid() -> str:
    global _last
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    with _lock:
        _last = value = max(value, _last + 1)
    return _text(value)


def _whole_ms(unix: float) -> int:
    """The millisecond as `iso` shows it. Most have no float of their own: cut off, one in four would be that before."""
    return max(0, round(unix * 1_000_000) // 1000)


def _text(value: int) -> str:
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))
