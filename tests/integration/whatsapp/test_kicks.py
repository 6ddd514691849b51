"""What the server can do to clients that are connected, or want to be."""

from __future__ import annotations

import pytest

from tests.integration.whatsapp.conftest import Start
from tests.integration.whatsapp.harness import LocalWhatsApp, both_ways


@pytest.mark.parametrize("kind", ["close", "abort", "unavailable"])
async def test_a_kicked_client_comes_back(server: LocalWhatsApp, start: Start, me: str, phone: str, kind: str) -> None:
    client = await start(me)
    await client.pair()
    assert await server.ok("POST", f"/devices/{me}/kick", kind=kind) == {"kicked": 1}
    await client.event("Disconnected")
    await client.event("Connected")
    await both_ways(server, client, phone, kind)


async def test_a_replaced_client_stays_away(server: LocalWhatsApp, start: Start, me: str) -> None:
    client = await start(me)
    await client.pair()
    await server.ok("POST", f"/devices/{me}/kick", kind="replaced")
    await client.event("StreamReplaced")
    await server.eventually(f"/devices/{me}", lambda devices: not devices[0]["connected"])
    assert client.seen("Disconnected") == []


async def test_a_removed_device_is_logged_out(server: LocalWhatsApp, start: Start, me: str) -> None:
    client = await start(me)
    await client.pair()
    await server.ok("POST", f"/devices/{me}/kick", kind="device_removed")
    await client.event("LoggedOut")
    status, _ = await server.call("POST", f"/devices/{me}/kick", kind="close")
    assert status == 404


async def test_a_refused_login_says_why(server: LocalWhatsApp, start: Start, me: str) -> None:
    client = await start(me)
    await client.pair()
    await client.stop()
    await server.ok("POST", f"/devices/{me}/refuse", reason=402, code=101, expire=3600, count=1)
    banned = await start(me)
    await banned.do("connect")
    await banned.event("TemporaryBan")
    await banned.stop()
    back = await start(me)
    await back.connect()


async def test_a_refusal_lasts_until_cleared(server: LocalWhatsApp, start: Start, me: str) -> None:
    client = await start(me)
    await client.pair()
    await server.ok("POST", f"/devices/{me}/refuse", reason="503")
    await server.ok("POST", f"/devices/{me}/kick", kind="close")
    before = (await server.ok("GET", "/stats"))["events"].get("logins_refused", 0)
    await server.eventually("/stats", lambda stats: stats["events"].get("logins_refused", 0) >= before + 2)
    await server.ok("POST", f"/devices/{me}/refuse", reason=None)
    await client.event("Connected")
