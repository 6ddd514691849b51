from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_host.whatsapp import chain_guard
from session_host.whatsapp.chain_guard import NAME, TRIGGER, ChainGuard
from session_host.whatsapp.store import Journal, erase, exists

TABLE = """\
CREATE TABLE whatsmeow_sessions (our_jid TEXT, their_id TEXT, session bytea, PRIMARY KEY (our_jid, their_id))"""
UPSERT = "ON CONFLICT (our_jid, their_id) DO UPDATE SET session = excluded.session"
PUT = f"INSERT INTO whatsmeow_sessions VALUES ('shop', ?, ?) {UPSERT}"  # noqa: S608
ANNA = "94915_1:0"


def chain(key: str, index: Any) -> dict[str, Any]:
    return {
        "SenderRatchetKeyPublic": key,
        "SenderRatchetKeyPrivate": None,
        "ChainKey": {"Key": "7xDwKPQsfSko", "Index": index},
        "MessageKeys": [],
    }


def session(key: str = "BQdJXE85", index: Any = 19, receiving: int = 4) -> bytes:
    state = {
        "LocalIdentityPublic": "BWbz5aXn",
        "PendingPreKey": None,
        "PreviousCounter": 4294967295,
        "ReceiverChains": [chain("BeP2VNLX", receiving)],
        "RootKey": "63kr5w+6",
        "SenderChain": chain(key, index),
        "SessionVersion": 3,
    }
    return json.dumps({"SessionState": state, "PreviousStates": []}, separators=(",", ":")).encode()


@contextmanager
def opened(store: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(store, isolation_level=None)) as database:
        yield database


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """As the library makes it."""
    path = tmp_path / "shop 1?.db"
    with opened(path) as database:
        database.execute(TABLE)
    return path


@pytest.fixture
async def guarded(store: Path) -> Path:
    await ChainGuard().install(store, "wal")
    return store


def stored_after(database: sqlite3.Connection, *sessions: Any, whose: str = ANNA) -> Any:
    for each in sessions:
        database.execute(PUT, (whose, each))
    return database.execute("SELECT session FROM whatsmeow_sessions WHERE their_id = ?", (whose,)).fetchone()[0]


def trigger_of(store: Path) -> str | None:
    with opened(store) as database:
        row = database.execute("SELECT sql FROM sqlite_master WHERE name = ?", (NAME,)).fetchone()
    return row[0] if row else None


@pytest.mark.parametrize(("before", "after"), [(1, 0), (10, 9), (128, 127), (2**32 - 1, 2**32 - 2)])
async def test_a_counter_does_not_go_back(guarded: Path, before: int, after: int) -> None:
    with opened(guarded) as database:
        assert stored_after(database, session(index=before), session(index=after, receiving=5)) == session(index=before)


@pytest.mark.parametrize(
    "coming",
    [
        session(index=20),
        session(index=19, receiving=5),
        session(key="another", index=0),
        session(index=None),
        session(index="18"),
        session(index=18)[:-1],
        b"\x0a\x02\x08\x03",
        b"",
        None,
        b"18",
        b"null",
        b'{"SessionState":null,"PreviousStates":[]}',
    ],
)
async def test_everything_else_is_stored(guarded: Path, coming: Any) -> None:
    with opened(guarded) as database:
        assert stored_after(database, session(), coming) == coming
        assert stored_after(database, session(index=21)) == session(index=21)


KEYS = st.sampled_from(["B1", "B2"])
INDEXES = st.integers(0, 3) | st.integers(0, 2**32 - 1)
SHAPED = st.tuples(KEYS, INDEXES, st.integers(0, 9))
SHAPELESS = st.binary(max_size=40) | st.builds(
    lambda shaped, at: session(*shaped)[: -1 - at], SHAPED, st.integers(0, 200)
)


@given(st.lists(SHAPED, min_size=1, max_size=8))
def test_only_lower_counters_of_the_same_chain_are_refused(shaped: list[tuple[str, int, int]]) -> None:
    kept = shaped[0]
    for each in shaped[1:]:
        if each[0] != kept[0] or each[1] >= kept[1]:
            kept = each

    assert stored_after(guarded_in_memory(), *(session(*each) for each in shaped)) == session(*kept)


@given(st.lists(SHAPELESS, min_size=1, max_size=8), SHAPED)
def test_what_cannot_be_read_is_stored(coming: list[bytes], shaped: tuple[str, int, int]) -> None:
    database = guarded_in_memory()
    for each in coming:
        assert stored_after(database, session(*shaped), each) == each


def guarded_in_memory() -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    database.execute(TABLE)
    database.execute(TRIGGER)
    return database


async def test_a_session_that_was_deleted_starts_anew(guarded: Path) -> None:
    with opened(guarded) as database:
        stored_after(database, session(index=5))
        database.execute("DELETE FROM whatsmeow_sessions")
        assert stored_after(database, session(index=0)) == session(index=0)


async def test_of_many_rows_in_one_statement_only_the_one_that_goes_back_is_left_as_it_is(guarded: Path) -> None:
    with opened(guarded) as database:
        for number, old, new in [(1, 5, 6), (2, 5, 4), (3, 5, 7)]:
            stored_after(database, session(index=old), whose=f"lid_1:{number}")
            stored_after(database, session(index=new), whose=f"pn_1:{number}")
        moved = "SELECT our_jid, replace(their_id, 'pn', 'lid'), session FROM whatsmeow_sessions"
        database.execute(f"INSERT INTO whatsmeow_sessions {moved} WHERE their_id LIKE 'pn%' {UPSERT}")

        rows = database.execute("SELECT session FROM whatsmeow_sessions WHERE their_id LIKE 'lid%' ORDER BY their_id")
        assert [row[0] for row in rows] == [session(index=6), session(index=5), session(index=7)]


async def test_a_store_is_written_only_once(guarded: Path) -> None:
    with opened(guarded) as database:
        before = database.execute("PRAGMA data_version").fetchone()

        await ChainGuard().install(guarded, "wal")

        assert database.execute("PRAGMA data_version").fetchone() == before
    assert trigger_of(guarded) == TRIGGER


async def test_an_older_guard_is_replaced(store: Path) -> None:
    with opened(store) as database:
        database.execute(f"CREATE TRIGGER {NAME} AFTER DELETE ON whatsmeow_sessions BEGIN SELECT 1; END")

    await ChainGuard().install(store, "wal")

    assert trigger_of(store) == TRIGGER


@pytest.mark.parametrize(("journal", "kept"), [("wal", "wal"), ("truncate", "delete")])
async def test_the_journal_is_the_librarys(store: Path, journal: Journal, kept: str) -> None:
    """Of the modes without a write-ahead log none is kept in the file."""
    await ChainGuard().install(store, journal)

    with opened(store) as database:
        assert database.execute("PRAGMA journal_mode").fetchone()[0] == kept


async def test_a_store_is_not_opened_again_once_the_library_may_have_it_open(store: Path) -> None:
    guard = ChainGuard()
    await guard.install(store, "wal")
    with opened(store) as database:
        database.execute(f"DROP TRIGGER {NAME}")

    await guard.install(store, "wal")

    assert trigger_of(store) is None


async def test_a_new_store_of_the_same_name_is_guarded_too(store: Path) -> None:
    guard = ChainGuard()
    await guard.install(store, "wal")
    with opened(store) as kept_open:
        kept_open.execute("SELECT 1 FROM whatsmeow_sessions")
        erase(store)
        with opened(store) as database:
            database.execute(TABLE)

        await guard.install(store, "wal")

    assert trigger_of(store) == TRIGGER


async def test_stores_are_left_alone_when_it_is_not_wanted(store: Path) -> None:
    await ChainGuard(wanted=False).install(store, "wal")

    assert trigger_of(store) is None


async def test_a_store_that_is_locked_goes_without(
    store: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(chain_guard, "LOCKED_S", 0.01)
    with opened(store) as database:
        database.execute("BEGIN EXCLUSIVE")
        with caplog.at_level(logging.WARNING):
            await ChainGuard().install(store, "wal")

    assert trigger_of(store) is None
    assert "database is locked" in caplog.text


@pytest.mark.parametrize(("content", "why"), [(b"credentials" * 100, "not a database"), (b"", "no such table")])
async def test_a_file_that_is_no_store_is_left_to_the_library(
    tmp_path: Path, content: bytes, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = tmp_path / "shop-1.db"
    store.write_bytes(content)

    with caplog.at_level(logging.WARNING):
        await ChainGuard().install(store, "truncate")

    assert why in caplog.text
    assert store.read_bytes() == content


async def test_a_store_that_is_gone_is_not_made(tmp_path: Path) -> None:
    await ChainGuard().install(tmp_path / "shop-1.db", "wal")

    assert not exists(tmp_path / "shop-1.db")
