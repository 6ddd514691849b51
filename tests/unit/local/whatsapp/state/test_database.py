from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from local.whatsapp.state.codec import BrokenRecordError, Codec
from local.whatsapp.state.database import Database, DatabaseError
from local.whatsapp.state.records import Letter


def test_rows_are_replaced_and_deleted(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    database.write([("a", "2", b"two"), ("a", "1", b"one"), ("b", "1", b"other")])
    database.write([("a", "2", b"new"), ("b", "1", None), ("b", "9", None)])
    assert list(database.rows("a")) == [("1", b"one"), ("2", b"new")]
    assert list(database.rows("b")) == []
    database.end()


def test_a_run_that_did_not_end_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    first = Database(path)
    assert first.begin()
    second = Database(path)  # the first never ended
    assert not second.begin()
    second.end()
    third = Database(path)
    assert third.begin()
    third.end()
    first.end()


def test_all_or_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    with pytest.raises(sqlite3.Error):
        database.write([("a", "1", b"one"), ("a", object(), b"broken")])  # type: ignore[list-item]
    assert list(database.rows("a")) == []
    database.end()


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    database.end()
    assert (tmp_path / "state.db").stat().st_mode & 0o077 == 0


def test_a_foreign_file_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(b"this is no database, however long one reads in it" * 100)
    with pytest.raises(DatabaseError, match="not usable"):
        Database(path)


def test_a_newer_file_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(DatabaseError, match="another version"):
        Database(path)


def test_a_broken_record_is_a_clear_error() -> None:
    codec = Codec(Letter)
    letter = Letter("1", "15550001", "text", "hi", 1.5)
    assert codec.load(codec.dump(letter)) == letter
    with pytest.raises(BrokenRecordError):
        codec.load(b"[{}]")
