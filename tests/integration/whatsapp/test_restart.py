"""What outlives the server: stopped in order, or killed."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.whatsapp.conftest import Start
from tests.integration.whatsapp.harness import LocalWhatsApp, both_ways


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalWhatsApp]:
    """A server of the test's own, to be stopped as it likes."""
    server = LocalWhatsApp(tmp_path / "whatsapp")
    server.start()
    yield server
    server.stop()


async def all_written(server: LocalWhatsApp) -> None:
    await server.eventually("/stats", lambda stats: stats["unwritten"] == 0)


async def test_a_restart_changes_nothing_for_clients(server: LocalWhatsApp, start: Start, me: str, phone: str) -> None:
    client = await start(me)
    await client.pair()
    await both_ways(server, client, phone, "before")
    assert await asyncio.to_thread(server.stop) == 0
    await client.event("Disconnected")
    await asyncio.to_thread(server.start)
    await client.event("Connected")
    await both_ways(server, client, phone, "after")
    stats = await server.ok("GET", "/stats")
    assert (stats["unanswered"], stats["unknown"]) == (0, {})
    assert "unreadable_at_phones" not in stats["events"]


async def test_a_device_paired_yesterday_logs_in_today(
    server: LocalWhatsApp, start: Start, me: str, phone: str
) -> None:
    client = await start(me)
    await client.pair()
    await both_ways(server, client, phone, "yesterday")
    await client.stop()
    await server.eventually("/stats", lambda stats: stats["connections"] == 0)
    await server.ok("POST", f"/phones/{phone}/messages", to=me, text="while you were away")
    await asyncio.to_thread(server.stop)
    await asyncio.to_thread(server.start)
    again = await start(me)
    await again.connect()
    await again.event("Message", text="while you were away")
    await both_ways(server, again, phone, "today")
    assert again.seen("QR") == []


async def test_a_crash_loses_no_pairing(server: LocalWhatsApp, start: Start, me: str, phone: str) -> None:
    client = await start(me)
    await client.pair()
    await both_ways(server, client, phone, "before")
    await all_written(server)
    await asyncio.to_thread(server.stop, signal.SIGKILL)
    await asyncio.to_thread(server.start)
    await client.event("Connected")
    await both_ways(server, client, phone, "after")


async def test_ratchets_older_than_the_clients_heal(server: LocalWhatsApp, start: Start, me: str, phone: str) -> None:
    client = await start(me)
    await client.pair()
    await both_ways(server, client, phone, "first")
    await all_written(server)
    await asyncio.to_thread(server.stop, signal.SIGKILL)
    old = server.data.with_name("old")
    shutil.copytree(server.data, old)
    await asyncio.to_thread(server.start)
    await client.event("Connected")
    await both_ways(server, client, phone, "forgotten")
    await asyncio.to_thread(server.stop, signal.SIGKILL)
    shutil.rmtree(server.data)
    shutil.copytree(old, server.data)
    await asyncio.to_thread(server.start)
    await client.event("Connected")
    await client.do("send", to=phone, text="can you read this?")
    await server.inbox(phone, "can you read this?")
    await both_ways(server, client, phone, "healed")
