"""What the proxy lets through: WhatsApp's hosts, which are this server, and nothing else."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from local.whatsapp.transport.media import MediaShelf
from local.whatsapp.transport.proxy import ConnectProxy, is_whatsapp
from local.whatsapp.transport.trust import prepare_trust
from local.whatsapp.world.stats import Stats


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    """A proxy with the media shelf behind it."""
    trust = prepare_trust(tmp_path, dt.datetime.now(dt.UTC))
    app = web.Application()
    app.add_routes(MediaShelf(tmp_path / "media", Stats()).routes())
    runner = web.AppRunner(app)
    await runner.setup()
    behind = runner.server
    assert behind
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: ConnectProxy(trust.tls, behind), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await runner.cleanup()


async def ask(port: int, head: bytes) -> tuple[bytes, asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head)
    async with asyncio.timeout(10):
        return await reader.readline(), reader, writer


@pytest.mark.parametrize(
    "host", ["web.whatsapp.com", "mmg.whatsapp.net", "WhatsApp.com", "whatsapp.net", "a.b.whatsapp.net."]
)
def test_whatsapps_hosts(host: str) -> None:
    assert is_whatsapp(host)


@pytest.mark.parametrize(
    "host", ["evilwhatsapp.com", "whatsapp.com.evil.org", "example.org", "127.0.0.1", "", "whatsapp", "notwhatsapp.net"]
)
def test_other_hosts(host: str) -> None:
    assert not is_whatsapp(host)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"CONNECT evilwhatsapp.com:443 HTTP/1.1\r\n\r\n", b"403"),
        (b"CONNECT 127.0.0.1:22 HTTP/1.1\r\n\r\n", b"403"),
        (b"CONNECT nonsense\r\n\r\n", b"403"),
        (b"GET http://web.whatsapp.com/ HTTP/1.1\r\n\r\n", b"405"),
        (b"CONNECT " + b"a" * 9_000, b"431"),
    ],
)
async def test_everything_else_is_refused_and_closed(port: int, head: bytes, status: bytes) -> None:
    line, reader, writer = await ask(port, head)
    assert line.split()[1] == status
    assert b"Connection: close" in await reader.read()
    writer.close()


async def test_a_head_in_pieces_is_understood(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in (b"CONNECT web.whats", b"app.com:443 HTTP/1.1\r\nHost: x\r", b"\n\r\n"):
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0)
    assert b"200" in await reader.readline()
    writer.close()


async def test_behind_the_proxy_this_server_answers_in_whatsapps_place(port: int, tmp_path: Path) -> None:
    _, reader, writer = await ask(port, b"CONNECT mmg.whatsapp.net:443 HTTP/1.1\r\n\r\n")
    await reader.readuntil(b"\r\n")
    client = ssl.create_default_context(cafile=tmp_path / "trust/ca.pem")
    await writer.start_tls(client, server_hostname="mmg.whatsapp.net")
    writer.write(b"POST /mms/image/token HTTP/1.1\r\nHost: mmg.whatsapp.net\r\nContent-Length: 5\r\n\r\nbytes")
    assert b"200" in await reader.readline()
    await reader.readuntil(b"}")
    writer.write(b"GET /v/token HTTP/1.1\r\nHost: mmg.whatsapp.net\r\nConnection: close\r\n\r\n")
    assert (await reader.read()).endswith(b"\r\n\r\nbytes")
    writer.close()
    await writer.wait_closed()


async def test_a_client_that_breaks_off_the_tls_handshake_harms_nobody(port: int) -> None:
    _, reader, writer = await ask(port, b"CONNECT web.whatsapp.com:443 HTTP/1.1\r\n\r\n")
    await reader.readuntil(b"\r\n")
    writer.write(b"this is not TLS at all, and long enough to be told")
    await reader.read()
    writer.close()
    line, _, again = await ask(port, b"CONNECT web.whatsapp.com:443 HTTP/1.1\r\n\r\n")
    assert b"200" in line
    again.close()
