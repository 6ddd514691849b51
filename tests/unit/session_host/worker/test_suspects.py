"""Who is on the board, and in which order sessions connect after crashes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from session_host import board
from session_host.board import Board
from session_host.orders import Assignment
from session_host.whatsapp.port import (
    Account,
    Connected,
    EndReason,
    NotConnected,
    Person,
    Session,
    SessionEnded,
    Signal,
)
from session_host.worker import suspects
from session_host.worker.suspects import WatchedWhatsApp
from shared.logs import bind
from shared.logs.context import bound
from shared.models.host import Lease
from shared.tracing import current, within
from tests.fakes.spans import PARENT
from tests.fakes.whatsapp import FakeWhatsApp

LEASE = Lease(0, "host-1", 1, 1)


class Bench:
    """A watched WhatsApp over the fake, and what its sessions heard."""

    def __init__(self) -> None:
        self.descriptor = board.create()
        self.fake = FakeWhatsApp()
        self.heard: dict[str, list[Signal]] = {}
        self.crashes: list[BaseException] = []
        self.assign(Assignment(LEASE, 0.0))

    def assign(self, assignment: Assignment) -> None:
        self.whatsapp = WatchedWhatsApp(self.fake, Board(self.descriptor), assignment, self.crashes.append)

    def session(self, key: str) -> Session:
        heard = self.heard.setdefault(key, [])
        return self.whatsapp.session(Account(key, Path("/nowhere")), heard.append)

    def noted(self) -> frozenset[str]:
        return board.read(self.descriptor)

    async def until_noted(self, *keys: str) -> None:
        async with asyncio.timeout(10):
            while self.noted() != set(keys):
                await asyncio.sleep(0.005)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(suspects, "SETTLES_S", 0.02)
    made = Bench()
    yield made
    os.close(made.descriptor)
    assert not made.crashes


async def test_a_session_is_noted_until_it_has_been_connected_for_a_while(bench: Bench) -> None:
    bench.fake.script("a", connects=False)
    await bench.session("a").connect()
    await bench.session("b").connect()
    assert bench.noted() == {"a", "b"}
    await bench.until_noted("a")
    bench.fake.of("a").signal(SessionEnded(EndReason.CONNECT_TIMEOUT))
    assert bench.noted() == frozenset()


async def test_calls_are_noted_while_they_last(bench: Bench) -> None:
    script, session = bench.fake.script("a"), bench.session("a")
    await session.connect()
    await bench.until_noted()
    script.hold = asyncio.Event()
    sending = asyncio.create_task(session.send_text("1", "hi"))
    await bench.until_noted("a")
    script.hold.set()
    await sending
    assert bench.noted() == frozenset()
    script.fail_next(NotConnected("x", "y"))
    with pytest.raises(NotConnected):
        await session.set_online(True)
    assert bench.noted() == frozenset()


async def test_cautious_they_connect_one_after_the_other_the_suspects_first(bench: Bench) -> None:
    bench.assign(Assignment(LEASE, 0.0, cautious=True, first=("d", "c")))
    for key in "abcde":
        bench.fake.script(key, connects=False)
        await bench.session(key).connect()
    for key in "dcab":
        await bench.until_noted(key)
        assert bench.fake.of(key).connects == 1
        bench.fake.of(key).signal(SessionEnded(EndReason.CONNECT_TIMEOUT))
    await bench.until_noted("e")


async def test_who_comes_first_lends_the_others_neither_its_name_nor_its_trace(bench: Bench) -> None:
    bench.assign(Assignment(LEASE, 0.0, cautious=True))
    seen: list[tuple[dict[str, str], str | None]] = []

    def hear(_signal: Signal) -> None:
        seen.append((dict(bound()), current()))

    with bind(instance="a", trace="t"), within(PARENT):
        for key in "ab":
            await bench.whatsapp.session(Account(key, Path("/nowhere")), hear).connect()
    async with asyncio.timeout(10):
        while len(seen) < 2:
            await asyncio.sleep(0.005)
    assert seen == [({}, None), ({}, None)]


async def test_one_that_is_stopped_before_its_turn_never_connects(bench: Bench) -> None:
    bench.assign(Assignment(LEASE, 0.0, cautious=True))
    for key in "ab":
        bench.fake.script(key, connects=False)
    first, second = bench.session("a"), bench.session("b")
    await first.connect()
    await second.connect()
    await bench.until_noted("a")
    await second.stop()
    await first.stop()
    third = bench.session("c")
    await third.connect()
    await bench.until_noted("c")
    assert bench.fake.of("b").connects == 0


async def test_one_set_aside_fails_once_and_connects_when_asked_again(bench: Bench) -> None:
    bench.assign(Assignment(LEASE, 0.0, aside=frozenset({"a"})))
    await bench.session("a").connect()
    async with asyncio.timeout(10):
        while not bench.heard["a"]:
            await asyncio.sleep(0)
    assert bench.heard["a"] == [SessionEnded(EndReason.CRASHES_SESSION_HOST)]
    assert bench.fake.of("a").connects == 0
    await bench.session("a").connect()
    assert bench.fake.of("a").connects == 1


async def test_an_error_of_a_queued_start_ends_the_worker(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(_self: object) -> None:
        raise OSError("no threads left")

    monkeypatch.setattr("tests.fakes.whatsapp.FakeSession.connect", refuse)
    bench.assign(Assignment(LEASE, 0.0, cautious=True))
    await bench.session("a").connect()
    async with asyncio.timeout(10):
        while not bench.crashes:
            await asyncio.sleep(0)
    assert isinstance(bench.crashes.pop(), OSError)


async def test_those_that_hang_are_off_the_board_when_the_next_one_connects(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suspects, "OUTCOME_S", 0.02)
    bench.assign(Assignment(LEASE, 0.0, cautious=True))
    for key in "abcd":
        bench.fake.script(key, connects=False)
        await bench.session(key).connect()
    seen: set[frozenset[str]] = set()
    async with asyncio.timeout(10):
        while not bench.fake.of("d").connects:
            seen.add(bench.noted())
            await asyncio.sleep(0.002)
    assert max(map(len, seen)) <= 1
    await bench.until_noted()


async def test_one_that_connects_late_is_noted_again_for_a_while(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspects, "OUTCOME_S", 0.02)
    bench.assign(Assignment(LEASE, 0.0, cautious=True))
    bench.fake.script("a", connects=False)
    await bench.session("a").connect()
    async with asyncio.timeout(10):
        while not bench.fake.of("a").connects:
            await asyncio.sleep(0)
    await bench.until_noted()
    bench.fake.of("a").signal(Connected(Person("1@s.whatsapp.net")))
    assert bench.noted() == {"a"}
    await bench.until_noted()


async def test_caution_ends_when_all_of_the_start_have_had_their_turn(bench: Bench) -> None:
    bench.assign(Assignment(LEASE, 0.0, cautious=True))
    for key in "abcd":
        bench.fake.script(key, connects=False)
    await bench.session("a").connect()
    await bench.session("b").connect()
    bench.whatsapp.started()
    await bench.until_noted("a")
    await bench.session("c").connect()
    for key in "abc":
        await bench.until_noted(key)
        bench.fake.of(key).signal(SessionEnded(EndReason.CONNECT_TIMEOUT))
    assert bench.whatsapp.queue
    async with asyncio.timeout(10):
        while not bench.whatsapp.queue.is_over():
            await asyncio.sleep(0.005)
    await bench.session("d").connect()
    assert bench.noted() == {"d"}


async def test_caution_ends_after_a_while(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspects, "CAUTIOUS_S", 0.0)
    bench.assign(Assignment(LEASE, 0.0, cautious=True))
    for key in "ab":
        bench.fake.script(key, connects=False)
        await bench.session(key).connect()
    assert bench.noted() == {"a", "b"}
