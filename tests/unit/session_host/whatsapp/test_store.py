from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import pytest

from session_host.whatsapp.store import Journal, database_name, erase, exists


@pytest.mark.parametrize(
    ("journal", "mode"),
    [("wal", "_journal_mode=WAL&_synchronous=NORMAL"), ("truncate", "_journal_mode=TRUNCATE&_synchronous=FULL")],
)
def test_the_parameters_are_in_the_name(journal: Journal, mode: str) -> None:
    name = database_name(Path("/stores/shop-1.db"), journal)

    assert name.startswith("/stores/shop-1.db?_foreign_keys=on&")
    assert mode in name
    assert name.endswith("&z=")  # what the library appends becomes a value of its own


def test_no_name_of_an_instance_can_add_parameters() -> None:
    store = Path("/stores/a?b#c%20d@e.db")

    path, _, _ = database_name(store, "wal").partition("?")

    assert unquote(path) == str(store)


def test_an_empty_file_holds_no_credentials(tmp_path: Path) -> None:
    store = tmp_path / "shop-1.db"
    assert not exists(store)
    store.touch()
    assert not exists(store)
    store.write_bytes(b"SQLite")
    assert exists(store)


def test_erasing_takes_the_side_files_along_and_nothing_else(tmp_path: Path) -> None:
    for name in ("shop-1.db", "shop-1.db-wal", "shop-1.db-shm", "shop-1.db-journal", "shop-10.db"):
        (tmp_path / name).touch()

    erase(tmp_path / "shop-1.db")
    erase(tmp_path / "shop-1.db")

    assert [path.name for path in tmp_path.iterdir()] == ["shop-10.db"]
