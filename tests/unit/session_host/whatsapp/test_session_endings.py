"""What ends a session that would else look alive, and what keeps two of one device apart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from session_host.whatsapp import client as session_client
from session_host.whatsapp import store as session_store
from session_host.whatsapp.events import KEEPALIVE_TIMEOUT
from session_host.whatsapp.port import EndReason, MessageReceived, OutcomeUnknown, SessionEnded, Signal, StoreUnwritable
from session_host.whatsapp.setup import Patience
from tests.unit.session_host.whatsapp.scene import Scene, neonize

LOGGED_OUT, MESSAGE = 6, 17


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "shop-1.db"
    path.write_bytes(b"credentials")
    return path


@pytest.fixture
async def scene(store: Path) -> AsyncIterator[Scene]:
    scene = Scene(store, Patience(stop=0.1, answer=0.05, earlier=0.05))
    yield scene
    scene.library.answer.set()
    scene.library.give_back.set()
    await scene.session.stop()


@pytest.fixture
def no_room(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Disks are full; the list says whose was looked at, and is to be cleared of `full` to make room."""
    looked_at: list[Path] = []

    def has_room(path: Path) -> bool:
        looked_at.append(path)
        return False

    monkeypatch.setattr(session_store, "has_room", has_room)
    return looked_at


async def ended(scene: Scene) -> SessionEnded:
    signal = await scene.heard(SessionEnded)
    assert isinstance(signal, SessionEnded)
    return signal


async def test_a_second_client_of_a_store_waits_until_the_first_is_closed(store: Path) -> None:
    scene = Scene(store, Patience())
    await scene.connected()
    second = scene.another(lambda signal: None)
    await second.connect()
    assert scene.library.calls.count("run") == 1

    scene.library.started.clear()
    await scene.session.stop()
    await asyncio.to_thread(scene.library.started.wait, 5)

    assert scene.library.calls == ["run", "disconnect", "set_proxy", "stop", "run"]
    scene.device()
    await second.stop()


async def test_a_first_client_that_does_not_go_ends_the_second_which_may_be_tried_again(scene: Scene) -> None:
    await scene.connecting()  # and dials for ever
    await scene.session.stop()
    signals: list[Signal] = []
    for _ in range(2):
        second = scene.another(signals.append)
        await second.connect()
        await asyncio.sleep(0.2)
        await second.stop()

    assert [signal.reason for signal in signals if isinstance(signal, SessionEnded)] == [EndReason.EARLIER_SESSION] * 2
    assert scene.library.calls == ["run"]
    assert scene.runtime.stuck == 1


async def test_a_session_that_is_stopped_while_it_waits_never_starts(scene: Scene) -> None:
    await scene.connected()
    signals: list[Signal] = []
    second = scene.another(signals.append)
    await second.connect()

    await second.stop()
    await scene.session.stop()
    third = scene.another(signals.append)
    scene.library.started.clear()
    await third.connect()
    await asyncio.to_thread(scene.library.started.wait, 5)

    assert signals == []
    assert scene.library.calls.count("run") == 2
    scene.device()
    await third.stop()


async def test_the_watchdog_does_not_count_the_wait_for_the_gate(store: Path) -> None:
    scene = Scene(store, Patience(connect=0.05, stop=0.1))
    writing = scene.runtime.gate.write(60)
    await scene.session.connect()
    await asyncio.sleep(0.2)
    assert scene.signals == []

    writing.done()

    assert (await ended(scene)).reason is EndReason.CONNECT_TIMEOUT
    scene.library.give_back.set()
    await scene.session.stop()


async def test_no_sign_of_life_ends_the_session(scene: Scene) -> None:
    await scene.connected()
    timeout = neonize.KeepAliveTimeout(ErrorCount=1, LastSuccess=1_700_000_000)
    scene.runtime.on_event(scene.library.client, KEEPALIVE_TIMEOUT, timeout.SerializeToString())

    assert (await ended(scene)).reason is EndReason.CONNECTION_DEAD


async def test_a_send_without_an_answer_ends_the_session(scene: Scene) -> None:
    """The library would hold the next ones back behind it, and send them when they were given up."""
    await scene.connected()

    with pytest.raises(OutcomeUnknown):
        await scene.session.send_text("4915550002", "into the void")

    assert (await ended(scene)).reason is EndReason.CONNECTION_DEAD


async def test_a_send_that_cannot_be_stored_was_not_sent_and_ends_the_session(scene: Scene) -> None:
    await scene.connected()
    scene.library.refusal = "failed to save cached sessions: failed to store 1 sessions: database or disk is full"
    scene.library.answer.set()

    with pytest.raises(StoreUnwritable) as caught:
        await scene.session.send_text("4915550002", "for later")

    assert caught.value.code == "session_store_full"
    assert (await ended(scene)).reason is EndReason.STORE_UNWRITABLE


async def test_trouble_with_some_store_ends_the_sessions_whose_disk_is_full(
    scene: Scene, store: Path, no_room: list[Path]
) -> None:
    await scene.connected()
    entry = neonize.LogEntry(Message="failed to store session: database or disk is full", Level="WARN", Name="Client")
    scene.runtime.on_log(entry.SerializeToString())

    assert (await ended(scene)).reason is EndReason.STORE_UNWRITABLE
    assert no_room == [store]


async def test_a_send_under_way_on_a_full_disk_still_tells_that_it_was_not_sent(
    store: Path, no_room: list[Path]
) -> None:
    scene = Scene(store, Patience())
    await scene.connected()
    scene.library.refusal = "failed to save cached sessions: database or disk is full"
    sending = asyncio.create_task(scene.session.send_text("4915550002", "for later"))
    await asyncio.to_thread(scene.library.sending.wait, 5)
    entry = neonize.LogEntry(Message="failed to save identity: database or disk is full", Level="WARN", Name="Client")
    scene.runtime.on_log(entry.SerializeToString())
    assert (await ended(scene)).reason is EndReason.STORE_UNWRITABLE
    scene.library.answer.set()

    with pytest.raises(StoreUnwritable):
        await sending
    await scene.session.stop()


async def test_trouble_with_another_disk_ends_nothing(scene: Scene) -> None:
    await scene.connected()
    entry = neonize.LogEntry(Message="disk I/O error", Level="WARN", Name="Client")
    scene.runtime.on_log(entry.SerializeToString())
    await asyncio.sleep(0.2)

    assert not [signal for signal in scene.signals if isinstance(signal, SessionEnded)]


async def test_a_store_that_was_full_is_opened_only_when_there_is_room(
    scene: Scene, store: Path, no_room: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.setup.occupancy.filled(store)
    await scene.session.connect()
    assert (await ended(scene)).reason is EndReason.STORE_UNWRITABLE
    assert scene.library.calls == []

    monkeypatch.undo()
    second = scene.another(lambda signal: None)
    await second.connect()
    await asyncio.to_thread(scene.library.started.wait, 5)

    assert scene.library.calls == ["run"]
    scene.device()
    await second.stop()


async def test_a_message_is_told_again_by_the_next_process_until_it_was_taken(scene: Scene, store: Path) -> None:
    await scene.connected()
    message = neonize.Message(Info=neonize.MessageInfo(ID="3EB1", Timestamp=1_700_000_000_000))
    message.Message.conversation = "remember me"
    scene.runtime.on_event(scene.library.client, MESSAGE, message.SerializePartialToString())
    first = await scene.heard(MessageReceived)

    after_a_crash = Scene(store, Patience())
    await after_a_crash.connecting()
    again = await after_a_crash.heard(MessageReceived)

    assert again == first
    assert isinstance(again, MessageReceived)
    again.taken()
    after_a_crash.device()
    await after_a_crash.session.stop()


async def test_a_message_that_says_nothing_is_not_kept(scene: Scene, store: Path) -> None:
    await scene.connected()
    empty = neonize.Message(Info=neonize.MessageInfo(ID="3EB1", Timestamp=1_700_000_000_000))
    for data in (empty.SerializePartialToString(), b"\xff"):
        scene.runtime.on_event(scene.library.client, MESSAGE, data)
    inbox = store.with_name("shop-1.db.inbox")
    assert inbox.exists()

    async with asyncio.timeout(10):
        while inbox.exists():
            await asyncio.sleep(0.05)
    assert not [signal for signal in scene.signals if isinstance(signal, MessageReceived | SessionEnded)]


async def test_an_end_that_cannot_be_read_is_an_end(scene: Scene) -> None:
    await scene.connected()
    scene.runtime.on_event(scene.library.client, LOGGED_OUT, b"\xff")

    assert (await ended(scene)).reason is EndReason.LIBRARY_STOPPED


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(5, "input/output error"), EndReason.STORE_UNWRITABLE),
        (RuntimeError("can't start new thread"), EndReason.LIBRARY_STOPPED),
    ],
)
async def test_a_session_that_cannot_begin_ends_and_may_be_tried_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: EndReason
) -> None:
    def fails(_path: Path) -> bool:
        raise error

    monkeypatch.setattr(session_store, "exists", fails)
    await scene.session.connect()
    assert (await ended(scene)).reason is reason
    monkeypatch.undo()

    second = scene.another(lambda signal: None)
    await second.connect()
    await asyncio.to_thread(scene.library.started.wait, 5)
    assert scene.library.calls == ["run"]
    scene.device()
    await second.stop()


async def test_a_stop_for_which_there_is_no_thread_comes_later_and_once(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_client, "AGAIN_S", 0.01)
    scene = Scene(store, Patience())
    await scene.connected()
    call, write, refused = scene.runtime.call, scene.runtime.write, [2, 2]

    async def few_threads(*arguments: object) -> object:
        await call(*arguments)  # the pool keeps what it had no new thread for
        refused[0] -= 1
        if refused[0] >= 0:
            raise RuntimeError("can't start new thread")
        return None

    async def few_writers(*arguments: object) -> None:
        await write(*arguments)  # type: ignore[arg-type]
        refused[1] -= 1
        if refused[1] >= 0:
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(scene.runtime, "call", few_threads)
    monkeypatch.setattr(scene.runtime, "write", few_writers)
    await scene.session.stop()

    assert scene.library.calls.count("stop") == 1
    assert scene.library.calls[-1] == "stop"
    assert scene.runtime.stuck == 0


async def test_what_comes_when_nobody_hears_any_more_is_told_to_the_next_session(scene: Scene, store: Path) -> None:
    await scene.connected()
    await scene.session.stop()
    assert scene.runtime.ended == 1
    message = neonize.Message(Info=neonize.MessageInfo(ID="3EB1", Timestamp=1_700_000_000_000))
    message.Message.conversation = "late"
    data = message.SerializePartialToString()
    scene.runtime.on_event(scene.library.client, MESSAGE, data)
    await asyncio.sleep(0.01)
    signals: list[Signal] = []
    for _ in range(2):  # and to one only
        scene.library.started.clear()
        following = scene.another(signals.append)
        await following.connect()
        await asyncio.to_thread(scene.library.started.wait, 5)
        scene.device()
        await following.stop()

    assert [signal.text for signal in signals if isinstance(signal, MessageReceived)] == ["late"]
    inbox = store.with_name("shop-1.db.inbox")
    assert inbox.exists()
    session_store.erase(store)
    scene.runtime.on_event(scene.library.client, MESSAGE, data)
    assert not inbox.exists()


async def test_no_session_begins_before_what_was_left_is_read(scene: Scene, store: Path) -> None:
    inbox = store.with_name("shop-1.db.inbox")
    inbox.mkdir()
    await scene.session.connect()

    assert (await ended(scene)).reason is EndReason.STORE_UNWRITABLE
    assert scene.library.calls == []
    inbox.rmdir()
