"""The SQLite file that holds one instance's credentials, as the library opens it.

Only the library opens it: a second SQLite in the same process would drop the first one's locks when it closes.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryFile
from typing import Literal
from urllib.parse import quote

Journal = Literal["wal", "truncate"]

CACHE_KIB = 512  # of pages per connection, of which the library never closes one; the system caches the file, too
ROOM = 1 << 20  # bytes; a message changes some pages of 4096

_LOCKING = "_busy_timeout=10000&_txlock=immediate"
_PARAMETERS: dict[Journal, str] = {
    "wal": "_journal_mode=WAL&_synchronous=NORMAL",
    # write-ahead logs need shared memory, which network file systems have not
    "truncate": "_journal_mode=TRUNCATE&_synchronous=FULL",
}


def database_name(store: Path, journal: Journal) -> str:
    """The name under which the library opens `store`; it appends `?_foreign_keys=on`, which `z` swallows."""
    path = quote(str(store.absolute()))
    return f"{path}?_foreign_keys=on&{_PARAMETERS[journal]}&_cache_size=-{CACHE_KIB}&{_LOCKING}&z="


def exists(store: Path) -> bool:
    """Whether there is a database at all (looked at from outside, it is not opened)."""
    return store.is_file() and store.stat().st_size > 0


def has_room(store: Path) -> bool:
    """Whether the disk takes what a session writes before long. Tries it, which blocks."""
    try:
        with TemporaryFile(dir=store.parent) as probe:
            probe.write(bytes(ROOM))
            probe.flush()
            os.fsync(probe.fileno())  # a network file system tells only then
    except OSError:
        return False
    return True


def erase(store: Path) -> None:
    """Deletes the database with its side files. Nothing happens where there is none."""
    for suffix in ("", "-wal", "-shm", "-journal", ".inbox", ".inbox.new"):
        store.with_name(store.name + suffix).unlink(missing_ok=True)
