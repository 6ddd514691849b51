"""The life of an instance: pair codes, kicks, restarts, logout, deletion."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Shop, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_pairing_by_code(shop: Shop) -> None:
    await shop.create()
    status, answer = await shop.call("POST", "/pair-code", {"phone": shop.number})
    assert status == 200, answer
    assert len(answer["code"]) == 9
    await shop.target.phone("POST", f"/phones/{shop.number}/pair", {"code": answer["code"]})
    await shop.state("connected")
    assert (await shop.send("by code"))["state"] in {"sent", "delivered"}


async def test_a_lost_connection_comes_back_by_itself(shop: Shop) -> None:
    await shop.pair()
    for kind in ("close", "abort", "unavailable"):
        _, before = await shop.call("GET", "/journal")
        await shop.target.phone("POST", f"/devices/{shop.number}/kick", {"kind": kind})

        async def reconnected(seen: int = len(before["data"])) -> bool:
            _, journal = await shop.call("GET", "/journal")
            states = [entry["state"] for entry in journal["data"]]
            return len(states) > seen and states[0] == "connected"

        await until(reconnected)
        assert (await shop.send(f"after {kind}"))["state"] in {"sent", "delivered"}


async def test_a_replaced_session_says_so_and_comes_back_on_request(shop: Shop) -> None:
    await shop.pair()
    await shop.target.phone("POST", f"/devices/{shop.number}/kick", {"kind": "replaced"})
    replaced = await shop.state("disconnected")
    assert replaced["reason"]["code"] == "stream_replaced"
    assert replaced["reason"]["action"]
    assert (await shop.call("POST", "/restart"))[0] in {200, 202}
    await shop.state("connected")


async def test_an_unlinked_device_pairs_again_with_a_fresh_code(shop: Shop) -> None:
    await shop.pair()
    await shop.target.phone("POST", f"/devices/{shop.number}/kick", {"kind": "device_removed"})
    gone = await shop.state("logged_out")
    assert gone["reason"]["code"] == "device_removed"
    await shop.scan()
    await shop.state("connected")
    assert (await shop.send("back again"))["state"] in {"sent", "delivered"}


async def test_a_ban_is_told_with_what_to_do(shop: Shop) -> None:
    await shop.pair()
    await shop.target.phone("POST", f"/devices/{shop.number}/refuse", {"reason": 402})
    await shop.target.phone("POST", f"/devices/{shop.number}/kick", {"kind": "close"})
    banned = await shop.state("failed")
    assert banned["reason"]["code"] == "temporary_ban"
    await shop.target.phone("POST", f"/devices/{shop.number}/refuse", {"reason": None})


async def test_logging_out_unlinks_the_device_and_shows_a_new_code(shop: Shop) -> None:
    await shop.pair()
    assert await _linked(shop)
    assert (await shop.call("POST", "/logout"))[0] in {200, 202}
    await shop.state("pairing")
    assert not await _linked(shop)
    await shop.scan()
    await shop.state("connected")


async def test_deleting_unlinks_the_device_and_leaves_no_trace(shop: Shop) -> None:
    await shop.pair()
    assert await _linked(shop)
    sessions = shop.target.run_folder.parent / "sessions"
    assert list(sessions.rglob(f"{shop.id}*"))
    assert (await shop.call("DELETE"))[0] == 204
    assert (await shop.call("GET"))[0] == 404

    async def without_trace() -> bool:
        return not await _linked(shop) and not list(sessions.rglob(f"{shop.id}*"))

    await until(without_trace)


async def test_a_number_is_shown_online_when_it_asks_for_it(shop: Shop) -> None:
    async def seen() -> int:
        return int((await shop.target.phone("GET", "/stats"))["stanzas"].get("presence", 0))

    before = await seen()
    await shop.pair(mark_online=True)

    async def online() -> bool:
        return await seen() > before

    await until(online)


async def test_a_dead_proxy_is_named(shop: Shop) -> None:
    await shop.pair()
    status, _ = await shop.call("PATCH", "", {"settings": {"proxy_url": "http://user:secret@127.0.0.1:9"}})
    assert status == 200
    unreachable = await shop.state("disconnected", 60)
    assert unreachable["reason"]["code"] == "proxy_unreachable"
    assert "secret" not in str(unreachable)
    await shop.call("PATCH", "", {"settings": {"proxy_url": None}})
    await shop.state("connected")


async def _linked(shop: Shop) -> bool:
    """Whether its number has a device; other tests' instances come and go meanwhile."""
    async with shop.target.phones.get(f"/devices/{shop.number}") as answer:
        assert answer.status in {200, 404}
        return answer.status == 200
