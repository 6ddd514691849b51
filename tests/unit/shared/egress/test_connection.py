"""Connections to real receivers that never come to their end, under both event loops that the sender runs on.

They also tell when another version of aiohttp makes its connections elsewhere: nothing here holds without ours."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop
from aiohttp import TCPConnector

from local.whatsapp.transport.trust import prepare_trust
from shared.egress import EgressError, EgressPolicy, GuardedClient
from shared.egress.connection import MOST_ANSWERS, Connection, TooMuch
from tests.fakes.talking import talking

Loop = Callable[[], asyncio.AbstractEventLoop]

EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
INTERIM = b"HTTP/1.1 103 X\r\nX-A: b\r\n\r\n"
IN_SOCKETS = 16_000_000  # what the two ends of a socket hold at most, and more

both_loops = pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])


async def one_of(client: GuardedClient, url: str) -> int | str:
    """The status that came, or what came instead."""
    try:
        return (await client.post(url, b"", {})).status
    except EgressError as error:
        return error.detail


@both_loops
@pytest.mark.parametrize(("interim", "heard"), [(0, True), (MOST_ANSWERS - 1, True), (MOST_ANSWERS, False)])
def test_so_many_interim_answers_are_heard(interim: int, heard: bool, loop: Loop) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:  # they count for each answer of a connection
            writer.write(INTERIM * interim + EMPTY)
            await reader.readuntil(b"\r\n\r\n")

    async def calling() -> list[str]:
        async with talking(talk) as url, GuardedClient(EgressPolicy.local()) as client:
            return [str(await one_of(client, url)) for _ in range(2)]

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(calling()) == ["200" if heard else "too much was sent before an answer"] * 2


async def test_they_count_also_when_each_is_read_before_the_next() -> None:
    connection = Connection(asyncio.get_running_loop())
    connection.set_response_params()
    for _ in range(MOST_ANSWERS - 1):
        connection.data_received(INTERIM)
        assert (await connection.read())[0].code == 103
    connection.data_received(INTERIM)
    with pytest.raises(TooMuch):
        await connection.read()


@both_loops
@pytest.mark.parametrize("more", [INTERIM, EMPTY], ids=["interim answers", "answers"])
def test_a_connection_that_is_kept_is_cut_when_it_pours(
    more: bytes, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.egress.gate.KEEPALIVE_S", 60.0)

    async def calling() -> int:
        poured, kept, over = 0, asyncio.Event(), asyncio.Event()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal poured
            writer.write(EMPTY)
            await kept.wait()
            try:
                while poured < 2 * IN_SOCKETS:
                    writer.write(more * 1000)
                    await writer.drain()
                    poured += len(more) * 1000
            finally:
                over.set()

        async with talking(talk) as url, GuardedClient(EgressPolicy.local()) as client:
            assert await one_of(client, url) == 200
            kept.set()
            await over.wait()
        return poured

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(calling()) < IN_SOCKETS


@both_loops
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 204 X\r\n\r\nok",
        b"HTTP/1.1 204 X\n\nok",
        b"HTTP/1.1 204 X\r\nX-A: " + b"b" * 5000 + b"\r\n\r\nok",
        INTERIM + b"HTTP/1.1 204 X\r\n\r\nok",
        b"HTTP/1.1 204 X\r\nContent-Length: 1\r\n\r\nok",
    ],
    ids=["a body with a 204", "lines without CR", "a long head", "an interim answer first", "more than its length"],
)
def test_an_answer_is_not_lost_for_what_does_not_belong_to_it(answer: bytes, loop: Loop) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await reader.read()  # until it is let go: the answer ended, and more was there

    async def calling() -> list[int | str]:
        async with talking(talk) as url, GuardedClient(EgressPolicy.local()) as client:
            return [await one_of(client, url) for _ in range(2)]

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(calling()) == [204, 204]


async def test_an_answer_is_not_lost_wherever_its_head_is_torn() -> None:
    head = b"HTTP/1.1 204 X\r\nX-A: b\r\n\r\n"
    for torn in range(1, len(head)):
        connection = Connection(asyncio.get_running_loop())
        connection.set_response_params()
        connection.data_received(head[:torn])
        connection.data_received(head[torn:] + b"ok")
        assert (await connection.read())[0].code == 204


@both_loops
@pytest.mark.parametrize("unasked", [EMPTY, EMPTY[:20], INTERIM], ids=["an answer", "a piece of one", "an interim one"])
def test_no_call_takes_an_answer_that_came_before_it(
    unasked: bytes, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.egress.gate.KEEPALIVE_S", 60.0)

    async def calling() -> list[int | str]:
        kept, over = asyncio.Event(), asyncio.Event()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if kept.is_set():
                writer.write(EMPTY.replace(b"200", b"410"))
                return
            writer.write(EMPTY)
            await kept.wait()
            writer.write(unasked)
            try:
                await reader.read()
            finally:
                over.set()

        async with talking(talk) as url, GuardedClient(EgressPolicy.local()) as client:
            first = await one_of(client, url)
            kept.set()
            async with asyncio.timeout(10):
                await over.wait()
            return [first, await one_of(client, url)]

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(calling()) == [200, 410]


async def test_lines_that_lead_nowhere_are_too_much_soon() -> None:
    connection = Connection(asyncio.get_running_loop())
    connection.set_response_params()
    connection.data_received(b"\n" * 100_000)
    assert isinstance(connection.exception(), TooMuch)


@both_loops
@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + b"x" * 2000, b""])
def test_over_tls_it_is_let_go_though_the_receiver_says_no_goodbye(answer: bytes, loop: Loop, tmp_path: Path) -> None:
    """Whether there was an answer with more to it, or the attempt was given up."""
    trusted = prepare_trust(tmp_path, dt.datetime.now(dt.UTC)).tls

    async def calling() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            async with GuardedClient(EgressPolicy.local()) as client:
                assert isinstance(client._session.connector, TCPConnector)
                client._session.connector._ssl = ssl.create_default_context(cafile=tmp_path / "trust" / "ca.pem")
                call = asyncio.create_task(one_of(client, f"https://127.0.0.1:{listener.getsockname()[1]}/"))
                caller = await asyncio.to_thread(answers, listener, trusted, answer)
                if answer:
                    assert await call == 200
                else:
                    call.cancel()
                await asyncio.to_thread(hears_hang_up, caller)

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(calling())


def answers(listener: socket.socket, context: ssl.SSLContext, answer: bytes) -> socket.socket:
    """Hears one call and answers it; gives back the connection without its TLS."""
    listener.settimeout(10)
    plain, _ = listener.accept()
    with context.wrap_socket(plain, server_side=True) as secure:
        secure.recv(65_536)
        secure.sendall(answer)
        return socket.socket(fileno=secure.detach())


def hears_hang_up(caller: socket.socket) -> None:
    """TimeoutError where it does not come."""
    caller.settimeout(10)
    with caller:
        try:
            while caller.recv(65_536):
                pass
        except ConnectionResetError:
            pass
