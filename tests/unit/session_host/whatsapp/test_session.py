"""The session over a library that does only what the test lets it do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from session_host.whatsapp.port import (
    Account,
    Connected,
    EndReason,
    MessageReceived,
    NotConnected,
    OutcomeUnknown,
    SessionEnded,
    Signal,
)
from session_host.whatsapp.setup import Patience
from shared.logs import bind
from shared.logs.context import bound
from shared.tracing import current, within
from tests.fakes.spans import PARENT
from tests.unit.session_host.whatsapp.scene import Scene, neonize

MESSAGE = 17


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "shop-1.db"
    path.write_bytes(b"credentials")
    return path


@pytest.fixture
async def scene(store: Path) -> AsyncIterator[Scene]:
    scene = Scene(store, Patience(stop=0.1))
    yield scene
    scene.library.answer.set()
    scene.library.give_back.set()
    await scene.session.stop()


async def test_the_library_is_not_called_before_its_client_is_there(scene: Scene) -> None:
    with pytest.raises(NotConnected):
        await scene.session.send_text("4915550002", "too early")
    await scene.connecting()
    with pytest.raises(NotConnected):
        await scene.session.send_text("4915550002", "still too early")
    with pytest.raises(NotConnected):
        await scene.session.logout()

    assert scene.library.calls == ["run"]


async def test_what_it_begins_with_is_told_as_its_own_and_in_no_command_s_trace(scene: Scene, store: Path) -> None:
    seen: list[tuple[dict[str, str], str | None]] = []
    ended = asyncio.Event()

    def hear(_signal: Signal) -> None:
        seen.append((dict(bound()), current()))
        ended.set()

    scene.account = Account("acme#shop-1", store.with_name("without-credentials.db"))
    with bind(tenant="acme", instance="other", message="m", trace="t"), within(PARENT):
        await scene.another(hear).connect()
    await asyncio.wait_for(ended.wait(), 5)
    assert seen == [({"tenant": "acme", "instance": "shop-1"}, None)]


async def test_a_client_that_is_still_starting_is_stopped_only_when_it_is_there(scene: Scene) -> None:
    await scene.connecting()

    await scene.session.stop()
    assert scene.library.calls == ["run"]
    assert scene.runtime.stuck == 1
    scene.device()
    await asyncio.to_thread(scene.library.give_back.wait, 5)
    await scene.session.stop()

    assert scene.library.calls == ["run", "disconnect", "set_proxy", "stop"]
    assert scene.runtime.stuck == 0


async def test_a_stopped_client_is_called_no_more(scene: Scene) -> None:
    await scene.connected()
    await scene.session.stop()

    with pytest.raises(NotConnected):
        await scene.session.set_typing("4915550002", True)

    assert scene.library.calls == ["run", "disconnect", "set_proxy", "stop"]


async def test_a_stop_tells_a_waiting_send_at_once_that_its_outcome_is_unknown(scene: Scene) -> None:
    await scene.connected()
    sending = asyncio.create_task(scene.session.send_text("4915550002", "hello"))
    await asyncio.to_thread(scene.library.sending.wait, 5)
    stopping = asyncio.create_task(scene.session.stop())

    with pytest.raises(OutcomeUnknown) as caught:
        await sending

    assert caught.value.code == "stopped"
    await stopping


async def test_sends_go_one_at_a_time(scene: Scene) -> None:
    await scene.connected()
    first = asyncio.create_task(scene.session.send_text("4915550002", "first"))
    second = asyncio.create_task(scene.session.send_text("4915550002", "second"))
    await asyncio.sleep(0.05)
    assert scene.library.calls.count("send_message") == 1
    scene.library.answer.set()

    assert (await first).whatsapp_id == (await second).whatsapp_id == "3EB0"
    assert scene.library.calls.count("send_message") == 2


async def test_what_the_library_has_acknowledged_is_told_while_it_is_stopped(store: Path) -> None:
    """A stop drops what waits in the library's queue, and WhatsApp would not send it again."""
    scene = Scene(store, Patience())
    await scene.connected()
    message = neonize.Message(Info=neonize.MessageInfo(ID="3EB1", Timestamp=1_700_000_000_000))
    message.Message.conversation = "just in time"
    data = message.SerializePartialToString()
    told = threading.Timer(0.02, lambda: scene.runtime.on_event(scene.library.client, MESSAGE, data))
    scene.library.on_disconnect = told.start
    scene.library.on_stop = told.cancel

    await scene.session.stop()
    assert isinstance(scene.signals[-1], MessageReceived)
    scene.runtime.on_event(scene.library.client, MESSAGE, data)
    await asyncio.sleep(0.01)
    assert len(scene.signals) == len([Connected, MessageReceived])


async def test_a_code_to_scan_means_that_there_is_no_device(scene: Scene) -> None:
    await scene.connecting()
    scene.runtime.on_qr(scene.library.client, b"2@code")

    ended = await scene.heard(SessionEnded)

    assert isinstance(ended, SessionEnded)
    assert ended.reason is EndReason.DEVICE_REMOVED


@pytest.mark.parametrize(
    ("alive", "proxy_url", "reason"),
    [
        (True, None, EndReason.LIBRARY_STOPPED),
        (False, None, EndReason.CONNECT_FAILURE),
        (False, "http://127.0.0.1:1", EndReason.PROXY_UNREACHABLE),
    ],
)
async def test_a_library_that_gives_up_ends_the_session(
    store: Path, alive: bool, proxy_url: str | None, reason: EndReason
) -> None:
    scene = Scene(store, Patience(), proxy_url)
    scene.library.error = "failed to dial whatsapp web websocket: dial tcp 10.0.0.1:443: connection refused"
    await (scene.connected() if alive else scene.connecting())
    scene.library.give_back.set()

    ended = await scene.heard(SessionEnded)
    await scene.session.stop()

    assert isinstance(ended, SessionEnded)
    assert ended.reason is reason
    assert "10.0.0.1" not in ended.detail
    assert scene.library.calls[-1] == "stop"  # its socket may still be up
    assert scene.runtime.stuck == 0


@pytest.mark.parametrize(
    ("proxy_url", "reason"),
    [(None, EndReason.CONNECT_TIMEOUT), ("socks5://10.0.0.1:1080", EndReason.PROXY_UNREACHABLE)],
)
async def test_a_connection_that_hangs_is_given_up(store: Path, proxy_url: str | None, reason: EndReason) -> None:
    scene = Scene(store, Patience(connect=0.05), proxy_url)
    await scene.connecting()

    ended = await scene.heard(SessionEnded)

    assert isinstance(ended, SessionEnded)
    assert ended.reason is reason
    assert scene.library.calls == ["run"]
    scene.library.give_back.set()
    await scene.session.stop()


async def test_a_lost_connection_that_does_not_come_back_is_given_up(store: Path) -> None:
    """The library would try ever more rarely, or hang in a proxy."""
    scene = Scene(store, Patience(reconnect=0.05))
    await scene.connected()
    scene.runtime.on_event(scene.library.client, 12, neonize.Disconnected(status=True).SerializeToString())

    ended = await scene.heard(SessionEnded)

    assert isinstance(ended, SessionEnded)
    assert ended.reason is EndReason.CONNECT_TIMEOUT
    await scene.session.stop()


async def test_a_session_connects_once(scene: Scene) -> None:
    await scene.connecting()

    with pytest.raises(RuntimeError):
        await scene.session.connect()


async def test_numbers_and_stanzas_stay_out_of_the_log(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    for level, text in (
        ("ERROR", "no session with 4915550001@s.whatsapp.net"),
        ("WARN", "odd <a b='Bob'>\n</a>, left"),
    ):
        entry = neonize.LogEntry(Message=text, Level=level, Name="Client")
        scene.runtime.on_log(entry.SerializeToString())
    await asyncio.sleep(0.01)

    assert caplog.messages == ["Client: no session with *0001@s.whatsapp.net", "Client: odd <...>, left"]
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
