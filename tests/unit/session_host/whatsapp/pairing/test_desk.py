from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from session_host.whatsapp.environment import WhatsAppSettings
from session_host.whatsapp.pairing import process
from session_host.whatsapp.pairing.desk import DeskLimits, ProcessDesk
from session_host.whatsapp.pairing.ticket import Waits
from session_host.whatsapp.port import (
    Account,
    EndReason,
    NotConnected,
    OutcomeUnknown,
    Paired,
    PairingEnded,
    QrShown,
    Rejected,
    Signal,
)

COMMAND = (sys.executable, str(Path(__file__).with_name("scripted_process.py")))


class Scene:
    def __init__(self, folder: Path, limits: DeskLimits, command: Sequence[str]) -> None:
        self.desk = ProcessDesk(WhatsAppSettings(), limits, command)
        self.folder = folder
        self._news = asyncio.Event()

    def account(self, name: str, proxy_url: str | None = None) -> Account:
        return Account(name, self.folder / f"{name}.db", proxy_url)

    def stores(self) -> list[str]:
        return sorted(path.stem for path in self.folder.iterdir())

    async def until(self, satisfied: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not satisfied():
                self._news.clear()
                try:
                    await asyncio.wait_for(self._news.wait(), 0.02)
                except TimeoutError:
                    continue

    async def outcome(self, name: str, proxy_url: str | None = None) -> list[Signal]:
        """All signals of an attempt, once it is over."""
        signals: list[Signal] = []
        await self.desk.begin(self.account(name, proxy_url), signals.append)
        await self.until(lambda: signals and isinstance(signals[-1], Paired | PairingEnded))
        return signals


MakeScene = Callable[..., Scene]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[MakeScene]:
    scenes: list[Scene] = []

    def made(limits: DeskLimits | None = None, command: Sequence[str] = COMMAND) -> Scene:
        scenes.append(Scene(tmp_path, limits or DeskLimits(), command))
        return scenes[-1]

    yield made
    for scene in scenes:
        await scene.desk.close()
        assert scene.desk.pids == []


async def test_a_pairing_keeps_its_credentials(make: MakeScene) -> None:
    scene = make()

    signals = await scene.outcome("pairs")

    assert signals == [QrShown("2@one", 60.0), Paired("4915550001:1@s.whatsapp.net", "4915550001", None, None)]
    assert scene.stores() == ["pairs"]


@pytest.mark.parametrize(
    ("name", "proxy_url", "reason"),
    [
        ("expires", None, EndReason.QR_EXPIRED),
        ("outdated", None, EndReason.CLIENT_OUTDATED),
        ("dies", None, EndReason.PAIRING_FAILED),
        ("unconnected", None, EndReason.CONNECT_FAILURE),
        ("unconnected", "http://10.0.0.1:3128", EndReason.PROXY_UNREACHABLE),
        ("babbles", None, EndReason.PAIRING_FAILED),
    ],
)
async def test_a_failed_pairing_leaves_no_credentials(
    make: MakeScene, name: str, proxy_url: str | None, reason: EndReason
) -> None:
    scene = make()

    ended = (await scene.outcome(name, proxy_url))[-1]

    assert isinstance(ended, PairingEnded)
    assert ended.reason is reason
    assert scene.stores() == []


async def test_the_first_code_is_valid_for_a_minute_and_the_next_for_20_seconds(make: MakeScene) -> None:
    signals = await make().outcome("expires")

    assert [each.valid_s for each in signals if isinstance(each, QrShown)] == [60.0, 20.0]


async def test_credentials_that_were_there_before_survive_a_failure(make: MakeScene) -> None:
    scene = make()
    scene.account("expires").store.write_bytes(b"a device")

    await scene.outcome("expires")

    assert scene.stores() == ["expires"]


async def test_attempts_share_a_process_until_it_has_had_its_number(make: MakeScene) -> None:
    scene = make(DeskLimits(attempts=2))
    attempts = [await scene.desk.begin(scene.account(f"shows-{each}"), lambda _: None) for each in range(4)]
    await scene.until(lambda: len(scene.desk.pids) == 2)

    for attempt in attempts:
        await attempt.cancel()

    await scene.until(lambda: not scene.desk.pids)


async def test_a_process_that_saw_an_expiry_takes_no_more(make: MakeScene) -> None:
    scene = make()
    await scene.outcome("expires")
    await scene.until(lambda: not scene.desk.pids)

    await scene.outcome("pairs")


async def test_an_idle_process_lingers_for_the_next_attempt_and_then_ends(make: MakeScene) -> None:
    scene = make(DeskLimits(linger=0.3))
    await scene.outcome("pairs-1")
    first = scene.desk.pids
    await scene.outcome("pairs-2")

    assert scene.desk.pids == first
    await scene.until(lambda: not scene.desk.pids)


async def test_a_dying_process_takes_all_its_attempts_along(make: MakeScene) -> None:
    scene, other = make(), list[Signal]()
    await scene.desk.begin(scene.account("shows"), other.append)
    await scene.until(lambda: other)

    await scene.outcome("dies")

    assert isinstance(other[-1], PairingEnded)
    assert other[-1].reason is EndReason.PAIRING_FAILED
    assert scene.stores() == []


async def test_a_process_that_cannot_be_started_ends_the_attempt(make: MakeScene) -> None:
    scene = make(command=("/no/such/program",))

    ended = (await scene.outcome("pairs"))[-1]

    assert isinstance(ended, PairingEnded)
    assert ended.reason is EndReason.PAIRING_FAILED


async def test_without_a_first_code_in_time_the_attempt_ends(make: MakeScene) -> None:
    scene = make(DeskLimits(waits=Waits(first_code=0.2)))

    ended = (await scene.outcome("silent"))[-1]

    assert isinstance(ended, PairingEnded)
    assert ended.reason is EndReason.CONNECT_TIMEOUT
    await scene.until(lambda: not scene.desk.pids)


async def test_a_process_that_falls_silent_is_killed(make: MakeScene) -> None:
    scene = make(DeskLimits(waits=Waits(silence=0.2)))

    ended = (await scene.outcome("shows"))[-1]

    assert isinstance(ended, PairingEnded)
    assert ended.reason is EndReason.PAIRING_FAILED
    await scene.until(lambda: not scene.desk.pids)


async def test_a_process_that_does_not_end_is_killed(make: MakeScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "ENDS_WITHIN_S", 0.2)
    scene = make(command=(*COMMAND, "deaf"))
    await scene.outcome("pairs")
    pid = scene.desk.pids[0]

    await scene.desk.close()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_nothing_follows_a_cancel(make: MakeScene) -> None:
    scene, signals = make(), list[Signal]()
    attempt = await scene.desk.begin(scene.account("expires"), signals.append)
    await attempt.cancel()
    await attempt.cancel()

    await scene.desk.close()

    assert signals == []
    assert scene.stores() == []


async def test_closing_ends_attempts_under_way(make: MakeScene) -> None:
    scene, signals = make(), list[Signal]()
    await scene.desk.begin(scene.account("shows"), signals.append)
    await scene.until(lambda: signals)

    await scene.desk.close()

    assert scene.stores() == []
    with pytest.raises(RuntimeError):
        await scene.desk.begin(scene.account("shows"), signals.append)


async def test_a_pair_code_comes_or_is_refused(make: MakeScene) -> None:
    scene = make()
    attempt = await scene.desk.begin(scene.account("shows"), lambda _: None)

    assert await attempt.pair_code("4915550001") == "ABCD-1234"
    with pytest.raises(Rejected):
        await attempt.pair_code("12")
    await attempt.cancel()
    with pytest.raises(NotConnected):
        await attempt.pair_code("4915550001")


async def test_a_pair_code_that_never_comes_is_given_up(make: MakeScene) -> None:
    scene = make(DeskLimits(waits=Waits(pair_code=0.1)))
    attempt = await scene.desk.begin(scene.account("shows"), lambda _: None)

    with pytest.raises(OutcomeUnknown):
        await attempt.pair_code("0")


async def test_a_pair_code_is_not_waited_for_longer_than_the_attempt_lasts(make: MakeScene) -> None:
    scene = make()
    attempt = await scene.desk.begin(scene.account("shows"), lambda _: None)
    waiting = asyncio.create_task(attempt.pair_code("0"))
    await asyncio.sleep(0)

    await attempt.cancel()

    with pytest.raises(NotConnected):
        await waiting
