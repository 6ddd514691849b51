"""Keeps the library from using a message counter twice.

For every message that it encrypts or decrypts the library loads the Signal session with the other device, changes it
and stores it again, without a lock around the two. So a decryption can put back what an encryption has used up:

    decrypt: load at counter n ............................... store at counter n
    encrypt:          load at counter n, use n, store n + 1

The next message would repeat counter n, and its reader would take it for a copy, confirm its delivery and drop it. A
trigger in the store leaves such a row as it is: the chain of sending keys is the same and its counter is lower. The
decryption's own step is lost with it, which costs nothing: it is derived again from the next message.

Everything that the trigger does not understand is stored: it may fail to help, but never to store.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from session_host.whatsapp.store import Journal

NAME = "hivewp_chain_guard"
TRIGGER = """\
CREATE TRIGGER hivewp_chain_guard BEFORE UPDATE OF session ON whatsmeow_sessions
WHEN (
    SELECT CASE WHEN json_valid(stored) AND json_valid(coming) THEN
        json_extract(coming, '$.SessionState.SenderChain.SenderRatchetKeyPublic')
            = json_extract(stored, '$.SessionState.SenderChain.SenderRatchetKeyPublic')
        AND json_type(coming, '$.SessionState.SenderChain.ChainKey.Index') = 'integer'
        AND json_type(stored, '$.SessionState.SenderChain.ChainKey.Index') = 'integer'
        AND json_extract(coming, '$.SessionState.SenderChain.ChainKey.Index')
            < json_extract(stored, '$.SessionState.SenderChain.ChainKey.Index')
    END
    FROM (SELECT CAST(OLD.session AS TEXT) AS stored, CAST(NEW.session AS TEXT) AS coming)
)
BEGIN
    SELECT RAISE(IGNORE);
END"""
LOCKED_S = 2.0  # how long to wait for somebody else's lock

_log = logging.getLogger(__name__)


class ChainGuard:
    """The guards of this process's stores. All on the loop's thread. `wanted` false: it does nothing."""

    def __init__(self, *, wanted: bool = True) -> None:
        self._wanted = wanted
        self._installed: dict[tuple[int, int] | None, asyncio.Future[None]] = {}

    async def install(self, store: Path, journal: Journal) -> None:
        """Puts the trigger into `store`, or logs that it cannot. Before each time that the library opens it.

        Only the first time does anything: once the library has opened a file it keeps it open, and closing another
        descriptor of the file in this process would drop its locks. A file is known by its inode, since a new store
        may be paired under the same name.
        """
        if not self._wanted:
            return
        if (file := _file(store)) not in self._installed:
            self._installed[file] = asyncio.ensure_future(asyncio.to_thread(_install, store, journal))
        await asyncio.wait({self._installed[file]})


def _file(store: Path) -> tuple[int, int] | None:
    try:
        status = store.stat()
    except OSError:  # as the library will tell
        return None
    return status.st_dev, status.st_ino


def _install(store: Path, journal: Journal) -> None:
    try:
        with closing(_opened(store)) as database:
            database.execute(f"PRAGMA journal_mode={journal}")  # the library's, or a file would be left behind
            if _current(database) != TRIGGER:
                database.execute("BEGIN IMMEDIATE")
                database.execute(f"DROP TRIGGER IF EXISTS {NAME}")
                database.execute(TRIGGER)
                database.execute("COMMIT")
    except sqlite3.Error as error:
        _log.warning("%s: messages that cross in a chat may get lost: %s", store.name, error)


def _opened(store: Path) -> sqlite3.Connection:
    name = f"file:{quote(str(store.absolute()))}?mode=rw"
    return sqlite3.connect(name, LOCKED_S, isolation_level=None, uri=True)


def _current(database: sqlite3.Connection) -> str | None:
    row = database.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?", (NAME,)).fetchone()
    return row[0] if row else None
