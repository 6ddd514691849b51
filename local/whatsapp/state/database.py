"""The database file: records by kind and key, written in one transaction at a time.

Whether the last process stopped in order is part of it: after a crash the records may be a little older than what
clients have seen.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS records (kind TEXT, key TEXT, body BLOB, PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
"""
VERSION = 1

Row = tuple[str, str, bytes | None]
"""Kind, key, and the record; None deletes it."""


class DatabaseError(Exception):
    """The file cannot be used; the message says why."""


class Database:
    """Its methods block. They may be called from any thread, one at a time."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)  # private keys are in it
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        try:
            self._prepare(path)
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise DatabaseError(f"{path} is not usable: {error}") from error

    def _prepare(self, path: Path) -> None:
        execute = self._connection.execute
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = NORMAL")
        (version,) = execute("PRAGMA user_version").fetchone()
        if version not in (0, VERSION):
            raise DatabaseError(f"{path} was written by another version ({version}); this one reads {VERSION}")
        self._connection.executescript(SCHEMA)
        execute(f"PRAGMA user_version = {VERSION}")

    def begin(self) -> bool:
        """Opens a run; whether the run before it ended in order (the first run counts so)."""
        row = self._connection.execute("SELECT value FROM facts WHERE name = 'ended'").fetchone()
        self._set_ended("no")
        return row is None or row[0] == "yes"

    def end(self) -> None:
        """Says that everything is written down, and closes the file."""
        self._set_ended("yes")
        self._connection.close()

    def rows(self, kind: str) -> Iterator[tuple[str, bytes]]:
        """Key and record of all of a kind, by key."""
        yield from self._connection.execute("SELECT key, body FROM records WHERE kind = ? ORDER BY key", (kind,))

    def write(self, rows: Iterable[Row]) -> None:
        """Writes all rows or, if it raises sqlite3.Error, none."""
        listed = list(rows)
        kept = [row for row in listed if row[2] is not None]
        gone = [row[:2] for row in listed if row[2] is None]
        with self._connection:
            self._connection.execute("BEGIN")
            self._connection.executemany("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", kept)
            self._connection.executemany("DELETE FROM records WHERE kind = ? AND key = ?", gone)

    def _set_ended(self, value: str) -> None:
        self._connection.execute("INSERT OR REPLACE INTO facts VALUES ('ended', ?)", (value,))
