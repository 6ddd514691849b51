"""Names of things: a prefix that tells the kind, then 26 characters that sort by time of making (ULID)."""

from __future__ import annotations

import secrets
import threading
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32
_lock = threading.Lock()
_last = 0


def new_id(prefix: str) -> str:
    """A fresh id such as `msg_01jd...`; ids of one process sort in the order they were made."""
    return f"{prefix}_{_ulid()}"


def _ulid() -> str:
    global _last
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    with _lock:
        _last = value = max(value, _last + 1)
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))
