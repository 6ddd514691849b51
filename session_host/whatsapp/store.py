"""The SQLite file that holds one instance's credentials, as the library opens it.

Only the library opens it: a second SQLite in the same process would drop the first one's locks when it closes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import quote

Journal = Literal["wal", "truncate"]

_PARAMETERS: dict[Journal, str] = {
    "wal": "_journal_mode=WAL&_synchronous=NORMAL",
    # write-ahead logs need shared memory, which network file systems have not
    "truncate": "_journal_mode=TRUNCATE&_synchronous=FULL",
}


def database_name(store: Path, journal: Journal) -> str:
    """The name under which the library opens `store`; it appends `?_foreign_keys=on`, which `z` swallows."""
    path = quote(str(store.absolute()))
    return f"{path}?_foreign_keys=on&{_PARAMETERS[journal]}&_busy_timeout=10000&_txlock=immediate&z="


def exists(store: Path) -> bool:
    """Whether there is a database at all (looked at from outside, it is not opened)."""
    return store.is_file() and store.stat().st_size > 0


def erase(store: Path) -> None:
    """Deletes the database with its side files. Nothing happens where there is none."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        store.with_name(store.name + suffix).unlink(missing_ok=True)
