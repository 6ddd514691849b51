"""A connection from its first byte to its last, with a client on the other end of a pipe."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from local.whatsapp.connections import connection as module
from local.whatsapp.connections.connection import Connection, Conversation
from local.whatsapp.crypto.keys import KeyPair
from local.whatsapp.protos import wa6
from local.whatsapp.wire.node import Node
from local.whatsapp.world.stats import Stats
from tests.unit.local.whatsapp.connections.wire_client import HEADER, WireClient


class Echo:
    """Sends every stanza back."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.has_ended = False

    def handle(self, node: Node) -> None:
        self.connection.send(node)

    def ended(self) -> None:
        self.has_ended = True


class Host:
    """Runs one connection."""

    def __init__(self, client: WireClient) -> None:
        self.stats = Stats()
        self.connection = Connection(client.pipe, KeyPair.generate(), b"certificates", self.stats)
        self.echo = Echo(self.connection)
        self.payload: Any = None
        self.task = asyncio.create_task(self.connection.run(self.open))

    def open(self, _connection: Connection, _key: bytes, payload: Any) -> Conversation | None:
        self.payload = payload
        return self.echo if payload.username else None

    async def over(self) -> None:
        async with asyncio.timeout(10):
            await self.task


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_STANZA_PAUSE", 0)
    monkeypatch.setattr(module, "FAREWELL_PAUSE", 0)


@pytest.fixture
async def client() -> AsyncIterator[WireClient]:
    client = WireClient()
    yield client
    client.hang_up()


async def test_stanzas_go_both_ways_in_order(client: WireClient) -> None:
    host = Host(client)
    await client.shake_hands(wa6.ClientPayload(username=15550001))
    for number in range(20):
        client.send(Node("message", {"id": number}))
    for number in range(20):
        assert (await client.expect("message")).attrs["id"] == str(number)
    client.hang_up()
    await host.over()
    assert host.echo.has_ended
    assert host.stats.sent["message"] == 20


async def test_a_farewell_arrives_before_the_end(client: WireClient) -> None:
    host = Host(client)
    await client.shake_hands(wa6.ClientPayload(username=1))
    client.send(Node("hello"))
    await client.expect("hello")
    host.connection.end(Node("stream:error", {"code": "503"}))
    host.connection.send(Node("too-late"))
    await client.expect("stream:error")
    assert await client.receive() is None
    await host.over()


async def test_an_aborted_connection_ends_without_a_word(client: WireClient) -> None:
    host = Host(client)
    await client.shake_hands(wa6.ClientPayload(username=1))
    client.send(Node("hello"))
    await client.expect("hello")
    host.connection.abort()
    assert await client.receive() is None
    await host.over()
    assert host.echo.has_ended


async def test_a_refused_client_is_hung_up_on(client: WireClient) -> None:
    host = Host(client)
    await client.shake_hands(wa6.ClientPayload())
    assert await client.receive() is None
    await host.over()


@pytest.mark.parametrize("first", [b"GET / HTTP/1.1\r\n\r\n", HEADER + b"\0\0\2ab", HEADER + b"\0\0\0"])
async def test_a_foreign_client_is_hung_up_on(
    client: WireClient, first: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    host = Host(client)
    client.pipe.to_server.put_nowait(first)
    await host.over()
    assert "connection ends" in caplog.text


async def test_garbage_within_the_stream_ends_it(client: WireClient, caplog: pytest.LogCaptureFixture) -> None:
    host = Host(client)
    await client.shake_hands(wa6.ClientPayload(username=1))
    client.pipe.to_server.put_nowait(b"\0\0\4junk")
    await host.over()
    assert host.echo.has_ended
    assert "connection ends" in caplog.text


async def test_a_client_that_reads_nothing_is_cut_off(client: WireClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BACKLOG_MAX", 3)
    host = Host(client)
    await client.shake_hands(wa6.ClientPayload(username=1))
    client.send(Node("hello"))
    await client.expect("hello")
    for _ in range(5):
        host.connection.send(Node("flood"))
    assert client.pipe.aborted
    await host.over()
