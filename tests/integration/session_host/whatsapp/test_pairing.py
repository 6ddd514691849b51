from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from session_host.whatsapp.pairing.desk import DeskLimits, ProcessDesk
from session_host.whatsapp.pairing.ticket import Waits
from session_host.whatsapp.port import Account, EndReason, Paired, PairingEnded, QrShown, Rejected
from tests.integration.session_host.whatsapp.hosts import (
    PATIENCE,
    Host,
    Signals,
    mute_proxy,
    pair,
    scan,
    settings_for,
    short_lived_codes,
)
from tests.integration.whatsapp.harness import LocalWhatsApp


@asynccontextmanager
async def desk_with(server: LocalWhatsApp, limits: DeskLimits) -> AsyncIterator[ProcessDesk]:
    desk = ProcessDesk(settings_for(server), limits)
    try:
        yield desk
    finally:
        await desk.close()


def account_in(folder: Path, number: str) -> Account:
    return Account(number, folder / f"{number}.db")


async def test_a_scanned_code_pairs(server: LocalWhatsApp, desk: ProcessDesk, tmp_path: Path, number: str) -> None:
    account, signals = account_in(tmp_path, number), Signals()
    await desk.begin(account, signals)
    shown = await signals.next(QrShown)
    await scan(server, number, shown.code)
    paired = await signals.next(Paired)

    assert shown.valid_s == 60
    assert paired.phone == number
    assert paired.jid.startswith(f"{number}:")
    assert paired.lid is not None
    assert paired.lid.endswith("@lid")
    assert paired.platform == "android"
    assert account.store.exists()
    await server.eventually("/stats", lambda stats: stats["pairing"] == 0)


async def test_the_device_logs_in_from_the_host_and_not_before(
    server: LocalWhatsApp, desk: ProcessDesk, host: Host, tmp_path: Path, number: str
) -> None:
    before = (await server.ok("GET", "/stats"))["stanzas_sent"].get("success", 0)
    account = await pair(desk, server, tmp_path, number)
    await asyncio.sleep(0.3)  # the library tries to log in at once
    assert (await server.ok("GET", "/stats"))["stanzas_sent"].get("success", 0) == before

    await host.connect(account)


async def test_a_typed_code_pairs(server: LocalWhatsApp, desk: ProcessDesk, tmp_path: Path, number: str) -> None:
    signals = Signals()
    attempt = await desk.begin(account_in(tmp_path, number), signals)

    code = await attempt.pair_code(number)
    await server.ok("POST", f"/phones/{number}/pair", code=code)

    assert len(code) == len("ABCD-1234")
    assert (await signals.next(Paired)).phone == number


async def test_a_number_that_is_none_gets_no_code(desk: ProcessDesk, tmp_path: Path, number: str) -> None:
    attempt = await desk.begin(account_in(tmp_path, number), Signals())

    with pytest.raises(Rejected) as caught:
        await attempt.pair_code("12")

    assert caught.value.code == "invalid_number"
    await attempt.cancel()


async def test_a_cancelled_attempt_leaves_nothing(
    server: LocalWhatsApp, desk: ProcessDesk, tmp_path: Path, number: str
) -> None:
    signals = Signals()
    attempt = await desk.begin(account_in(tmp_path, number), signals)
    shown = await signals.next(QrShown)

    await attempt.cancel()
    await attempt.cancel()

    await server.eventually("/stats", lambda stats: stats["pairing"] == 0)
    assert stores_in(tmp_path) == []
    assert signals.heard == [shown]


async def test_a_device_paired_just_before_a_crash_is_found(
    server: LocalWhatsApp, desk: ProcessDesk, tmp_path: Path, number: str
) -> None:
    account = await pair(desk, server, tmp_path, number)

    signals = Signals()
    await desk.begin(account, signals)

    assert (await signals.next(Paired)).phone == number
    assert account.store.exists()


async def test_a_dead_process_ends_its_attempts_and_no_later_one(
    server: LocalWhatsApp, desk: ProcessDesk, tmp_path: Path, number: str
) -> None:
    account, signals = account_in(tmp_path, number), Signals()
    await desk.begin(account, signals)
    await signals.next(QrShown)

    psutil.Process(desk.pids[0]).kill()
    ended = await signals.next(PairingEnded)

    assert ended.reason is EndReason.PAIRING_FAILED
    assert not account.store.exists()
    await pair(desk, server, tmp_path, number)


async def test_a_hanging_process_is_killed(server: LocalWhatsApp, tmp_path: Path, number: str) -> None:
    async with desk_with(server, DeskLimits(waits=Waits(answer=0.2))) as desk:
        signals = Signals()
        attempt = await desk.begin(account_in(tmp_path, number), signals)
        await signals.next(QrShown)
        process = psutil.Process(desk.pids[0])
        process.suspend()

        await attempt.cancel()

        await asyncio.to_thread(process.wait, PATIENCE)
    assert stores_in(tmp_path) == []


@pytest.mark.parametrize("answers", [True, False])
async def test_a_bad_proxy_ends_the_attempt(server: LocalWhatsApp, tmp_path: Path, number: str, answers: bool) -> None:
    async with desk_with(server, DeskLimits(waits=Waits(first_code=1.5))) as desk, mute_proxy() as mute:
        store, proxy_url = tmp_path / f"{number}.db", "http://127.0.0.1:1" if answers else mute
        signals = Signals()
        await desk.begin(Account(number, store, proxy_url), signals)

        ended = await signals.next(PairingEnded)

        assert ended.reason is EndReason.PROXY_UNREACHABLE
        assert not store.exists()


async def test_expired_and_abandoned_attempts_leave_no_thread_process_or_descriptor(tmp_path: Path) -> None:
    """The library keeps a thread of each for ever; here that dies with the processes. The expiry takes 20 s."""
    with short_lived_codes(tmp_path / "whatsapp") as server:
        before = held()
        async with desk_with(server, DeskLimits(attempts=8, linger=0.1)) as desk:
            expiring = Signals()
            await desk.begin(account_in(tmp_path, "4915557000"), expiring)
            await expiring.next(QrShown)
            for round_ in range(6):
                await abandon(desk, [account_in(tmp_path, f"49155571{round_}{each}") for each in range(4)])
            ended = await expiring.next(PairingEnded)

            assert ended.reason is EndReason.QR_EXPIRED
            await until(lambda: not desk.pids)
            await until(lambda: held() == before)  # what waited for a process ends a moment after it
    assert stores_in(tmp_path) == []


def held() -> tuple[int, int, int]:
    """This process's threads, descriptors and children."""
    me = psutil.Process()
    return threading.active_count(), me.num_fds(), len(me.children())


async def abandon(desk: ProcessDesk, accounts: list[Account]) -> None:
    """Begins an attempt for each, and cancels them once their codes are there."""

    async def attempt(account: Account) -> None:
        signals = Signals()
        begun = await desk.begin(account, signals)
        await signals.next(QrShown)
        await begun.cancel()

    await asyncio.gather(*map(attempt, accounts))


def stores_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.db*"))


async def until(satisfied: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not satisfied():
            await asyncio.sleep(0.05)
