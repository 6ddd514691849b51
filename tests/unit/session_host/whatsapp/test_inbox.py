from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_host.whatsapp import inbox as inbox_module
from session_host.whatsapp import store as session_store
from session_host.whatsapp.inbox import Inbox

MESSAGE, RECEIPT = 17, 18


def contents(inbox: Inbox) -> list[tuple[int, bytes]]:
    return [(kept.kind, kept.data) for kept in inbox.left()]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "shop-1.db"


@pytest.fixture
def opened(store: Path) -> Callable[[], Inbox]:
    """Opens the store's inbox as a process does that finds nothing in it."""

    def open_inbox() -> Inbox:
        inbox = Inbox(store)
        assert inbox.left() == []
        return inbox

    return open_inbox


def file_of(store: Path) -> Path:
    return store.with_name("shop-1.db.inbox")


async def test_what_was_not_taken_is_there_for_the_next_process(store: Path, opened: Callable[[], Inbox]) -> None:
    inbox = opened()
    inbox.keep(MESSAGE, b"first")
    inbox.keep(RECEIPT, b"")
    inbox.keep(MESSAGE, b"third")

    assert contents(Inbox(store)) == [(MESSAGE, b"first"), (RECEIPT, b""), (MESSAGE, b"third")]


async def test_it_is_told_once_in_a_process(store: Path, opened: Callable[[], Inbox]) -> None:
    opened().keep(MESSAGE, b"first")

    second = Inbox(store)
    (first,) = second.left()
    assert second.telling(first.number)
    late = second.keep(MESSAGE, b"which nobody heard")

    assert not second.telling(first.number)
    assert contents(second) == [(MESSAGE, b"which nobody heard")]
    assert second.telling(late)
    assert contents(second) == []


async def test_what_cannot_be_read_now_is_read_later(store: Path, opened: Callable[[], Inbox]) -> None:
    opened().keep(MESSAGE, b"first")
    file_of(store).rename(store.with_name("aside"))
    file_of(store).mkdir()
    second = Inbox(store)
    with pytest.raises(IsADirectoryError):
        second.left()
    file_of(store).rmdir()
    store.with_name("aside").rename(file_of(store))

    assert contents(second) == [(MESSAGE, b"first")]


async def test_a_torn_end_hides_nothing_when_the_file_could_not_be_written_anew(
    store: Path, opened: Callable[[], Inbox]
) -> None:
    opened().keep(MESSAGE, b"first")
    with file_of(store).open("ab") as file:
        file.write(b"torn")
    after = Inbox(store)
    blocker = store.with_name("shop-1.db.inbox.new")
    blocker.mkdir()
    assert contents(after) == [(MESSAGE, b"first")]
    after.keep(MESSAGE, b"second")
    blocker.rmdir()
    after.keep(MESSAGE, b"third")

    assert contents(Inbox(store)) == [(MESSAGE, b"first"), (MESSAGE, b"second"), (MESSAGE, b"third")]


async def test_an_erased_store_takes_its_inbox_along_and_begins_a_new_one(
    store: Path, opened: Callable[[], Inbox]
) -> None:
    inbox = opened()
    inbox.keep(MESSAGE, b"of the former device")
    store.with_name("shop-1.db.inbox.new").touch()
    session_store.erase(store)
    assert list(store.parent.iterdir()) == []

    assert contents(inbox) == [(MESSAGE, b"of the former device")]
    inbox.keep(MESSAGE, b"of the next one")
    assert (MESSAGE, b"of the next one") in contents(Inbox(store))


async def test_the_file_goes_when_all_is_taken(
    store: Path, opened: Callable[[], Inbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_module, "TIDY_S", 0.01)
    inbox = opened()
    numbers = [inbox.keep(MESSAGE, b"text") for _ in range(3)]
    for number in numbers[:2]:
        inbox.taken(number)
    await asyncio.sleep(0.1)
    assert file_of(store).exists()

    inbox.taken(numbers[2])
    async with asyncio.timeout(5):
        while file_of(store).exists():
            await asyncio.sleep(0.01)

    inbox.keep(MESSAGE, b"and a next one")
    assert contents(Inbox(store)) == [(MESSAGE, b"and a next one")]


async def test_what_was_taken_is_not_told_again(
    store: Path, opened: Callable[[], Inbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_module, "TIDY_S", 60)
    inbox = opened()
    numbers = [inbox.keep(MESSAGE, str(index).encode()) for index in range(4)]
    for number in numbers[1:3]:
        inbox.taken(number)
    await asyncio.to_thread(inbox.tidy)
    inbox.keep(MESSAGE, b"4")

    assert contents(Inbox(store)) == [(MESSAGE, b"0"), (MESSAGE, b"3"), (MESSAGE, b"4")]


async def test_what_was_taken_is_left_out_before_the_file_becomes_large(
    store: Path, opened: Callable[[], Inbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_module, "TIDY_S", 60)
    inbox = opened()
    inbox.keep(MESSAGE, b"waits")
    for _ in range(300):
        inbox.taken(inbox.keep(MESSAGE, bytes(10_000)))

    assert file_of(store).stat().st_size <= inbox_module.MOST_BYTES
    assert contents(Inbox(store))[0] == (MESSAGE, b"waits")


@given(texts=st.lists(st.binary(max_size=40), min_size=1, max_size=5), data=st.data())
def test_a_torn_end_costs_no_more_than_itself(
    tmp_path_factory: pytest.TempPathFactory, texts: list[bytes], data: st.DataObject
) -> None:
    store = tmp_path_factory.mktemp("inbox") / "shop-1.db"
    inbox = Inbox(store)
    inbox.left()
    ends = []
    for text in texts:
        inbox.keep(MESSAGE, text)
        ends.append(file_of(store).stat().st_size)
    torn = data.draw(st.integers(0, ends[-1]))
    with file_of(store).open("r+b") as file:
        file.truncate(torn)

    whole = [text for text, end in zip(texts, ends, strict=True) if end <= torn]
    after = Inbox(store)
    assert [event for _, event in contents(after)] == whole

    after.keep(MESSAGE, b"next")
    assert [event for _, event in contents(Inbox(store))] == [*whole, b"next"]


async def test_without_room_it_goes_on_and_hides_nothing(store: Path, opened: Callable[[], Inbox]) -> None:
    inbox = opened()
    inbox.keep(MESSAGE, b"before")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_of(store).stat().st_size + 3, before[1]))
    try:
        inbox.keep(MESSAGE, b"meanwhile")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    inbox.keep(MESSAGE, b"after")

    assert contents(Inbox(store)) == [(MESSAGE, b"before"), (MESSAGE, b"meanwhile"), (MESSAGE, b"after")]
    assert not store.with_name("shop-1.db.inbox.new").exists()


async def test_a_new_file_that_cannot_be_written_does_not_stay(store: Path, opened: Callable[[], Inbox]) -> None:
    opened().keep(MESSAGE, bytes(1000))
    inbox = Inbox(store)
    assert len(contents(inbox)) == 1
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))
    try:
        inbox.keep(MESSAGE, b"meanwhile")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert not store.with_name("shop-1.db.inbox.new").exists()
    assert contents(Inbox(store)) == [(MESSAGE, bytes(1000))]
