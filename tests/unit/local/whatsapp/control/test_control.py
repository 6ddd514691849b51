"""The control interface over HTTP, with its errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from local.whatsapp.connections.pairing import PairingDesk
from local.whatsapp.control.blast import BlastRoutes, blast
from local.whatsapp.control.devices import DeviceRoutes
from local.whatsapp.control.phones import PhoneRoutes
from local.whatsapp.control.problems import problems
from local.whatsapp.control.stats import StatsRoutes
from local.whatsapp.state.records import Refusal
from tests.unit.local.whatsapp.bench import Bench

Http = TestClient[web.Request, web.Application]


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
async def http(bench: Bench) -> AsyncIterator[Http]:
    desk, app = PairingDesk(), web.Application(middlewares=[problems])
    for part in (
        PhoneRoutes(bench.world, desk),
        DeviceRoutes(bench.world),
        BlastRoutes(bench.world),
        StatsRoutes(bench.world, desk),
    ):
        app.add_routes(part.routes())
    async with TestClient(TestServer(app)) as client:
        yield client


async def call(http: Http, method: str, path: str, body: Any = None) -> Any:
    answer = await http.request(method, path, json=body)
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def problem(http: Http, method: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = await http.request(method, path, json=body)
    assert answer.content_type == "application/problem+json"
    told = await answer.json(content_type=None)
    assert told.keys() == {"type", "title", "status", "detail"}
    assert told["status"] == answer.status
    return answer.status, told["detail"]


async def test_a_phone_writes_to_a_companion(bench: Bench, http: Http) -> None:
    companion = bench.companion("15550001")
    answer = await call(http, "POST", "/phones/+15550009/messages", {"to": "+15550001", "text": "hi"})
    (message,) = companion.received("message")
    assert message.attrs["id"] == answer["id"]
    assert companion.read(message).conversation == "hi"


async def test_a_phone_writes_to_a_phone_without_companions(http: Http) -> None:
    answer = await call(http, "POST", "/phones/15550009/messages", {"to": "15550008", "text": "hi"})
    (letter,) = await call(http, "GET", "/phones/15550008/inbox")
    assert letter | {"at": ""} == {"id": answer["id"], "from": "15550009", "text": "hi", "type": "text", "at": ""}


async def test_the_inbox_holds_what_the_phone_read(bench: Bench, http: Http) -> None:
    assert await call(http, "GET", "/phones/15550009/inbox") == []
    bench.companion("15550001").write(bench.account("15550009"), "hello", "M7")
    assert await call(http, "GET", "/phones/15550009/inbox") == [
        {"id": "M7", "from": "15550001", "text": "hello", "type": "text", "at": "2023-11-14T22:13:20.000Z"}
    ]


async def test_behaviour_changes_only_as_far_as_told(http: Http) -> None:
    path = "/phones/15550009/behaviour"
    await call(http, "PUT", path, {"reply": "yes", "read": True})
    assert await call(http, "PUT", path, {"registered": False}) == {"reply": "yes", "read": True, "registered": False}
    assert await call(http, "PUT", path, {"reply": None}) == {"reply": None, "read": True, "registered": False}


async def test_writing_to_a_number_that_is_not_on_whatsapp(http: Http) -> None:
    await call(http, "PUT", "/phones/15550008/behaviour", {"registered": False})
    status, detail = await problem(http, "POST", "/phones/15550009/messages", {"to": "15550008", "text": "hi"})
    assert (status, detail) == (409, "the number written to is not on WhatsApp")


@pytest.mark.parametrize(
    ("kind", "told"),
    [("replaced", ["stream:error"]), ("unavailable", ["stream:error"]), ("close", []), ("abort", [])],
)
async def test_kicks(bench: Bench, http: Http, kind: str, told: list[str]) -> None:
    companion = bench.companion("15550001")
    companion.link.sent.clear()
    assert await call(http, "POST", "/devices/15550001/kick", {"kind": kind}) == {"kicked": 1}
    assert [node.tag for node in companion.link.sent] == told
    assert companion.link.ended
    assert companion.account.devices


async def test_a_removed_device_is_unlinked(bench: Bench, http: Http) -> None:
    companion = bench.companion("15550001")
    await call(http, "POST", "/devices/15550001/kick", {"kind": "device_removed"})
    assert companion.received("stream:error")[0].attrs["code"] == "401"
    assert companion.account.devices == {}


async def test_refusals_are_set_and_cleared(bench: Bench, http: Http) -> None:
    path, record = "/devices/15550001/refuse", bench.account("15550001").record
    assert await call(http, "POST", path, {"reason": 403}) == {"refusing": True}
    assert record.refusal
    assert (record.refusal.reason, record.refusal.left) == ("403", None)
    for cleared in (None, "none"):
        assert await call(http, "POST", path, {"reason": cleared}) == {"refusing": False}


async def test_all_devices_are_kicked_at_once(bench: Bench, http: Http) -> None:
    companions = [bench.companion("15550001"), bench.companion("15550002")]
    assert await call(http, "POST", "/devices/kick", {"kind": "abort"}) == {"kicked": 2}
    assert all(companion.link.ended for companion in companions)


async def test_everybodys_logins_are_refused_for_a_while(bench: Bench, http: Http) -> None:
    assert await call(http, "POST", "/devices/refuse", {"reason": 503, "count": 2}) == {"refusing": True}
    assert bench.world.refusal == Refusal("503", 2)
    assert await call(http, "POST", "/devices/refuse", {"reason": None}) == {"refusing": False}
    assert bench.world.refusal is None


async def test_the_connections_of_a_number_are_on_record(bench: Bench, http: Http) -> None:
    companion, started = bench.companion("15550001"), bench.clock.now
    bench.clock.run(5)
    await call(http, "POST", "/devices/15550001/kick", {"kind": "close"})
    bench.clock.run(1)
    companion.disconnect()
    companion.connect()
    first, second = await call(http, "GET", "/devices/15550001/connections")
    assert (first["active"], first["closed"], first["how"]) == (started, started + 5, "close")
    assert (second["opened"], second["closed"]) == (started + 6, None)
    companion.connect()
    assert (await call(http, "GET", "/devices/15550001/connections"))[1]["how"] == "second_login"


async def test_stats_and_devices(bench: Bench, http: Http) -> None:
    bench.companion("15550001", prekeys=3)
    stats = await call(http, "GET", "/stats")
    assert (stats["connections"], stats["devices"], stats["unanswered"]) == (1, 1, 0)
    (device,) = await call(http, "GET", "/devices/15550001")
    assert (device["jid"], device["connected"], device["prekeys"]) == ("15550001:1@s.whatsapp.net", True, 3)


async def test_a_blast_goes_round_senders_and_receivers(bench: Bench, http: Http) -> None:
    one, other = bench.companion("15550001"), bench.companion("15550002")
    senders = ["15550010", "15550011"]
    body = {"to": ["15550001", "15550002"], "count": 6, "rate": 0, "senders": senders}
    assert (await call(http, "POST", "/blast", body))["sent"] == 6
    texts = [companion.read(node).conversation for companion in (one, other) for node in companion.received("message")]
    assert sorted(int(text.split()[1]) for text in texts) == [0, 1, 2, 3, 4, 5]
    assert [text.split()[0] for text in texts] == ["blast"] * 6
    from_numbers = [str(node.attrs["sender_pn"]).split("@")[0] for node in one.received("message")]
    assert from_numbers == ["15550010", "15550011", "15550010"]


async def test_a_blast_keeps_its_rate(bench: Bench) -> None:
    bench.companion("15550001")

    async def sleep(seconds: float) -> None:
        bench.clock.run(seconds)

    started = bench.clock.now
    await blast(bench.world, ["15550009"], ["15550001"], 21, 10, sleep)
    assert bench.clock.now - started == pytest.approx(2.0)


BAD = [
    ("GET", "/phones/abc/inbox", None, 400),
    ("GET", "/phones/0155500/inbox", None, 400),
    ("POST", "/phones/15550009/messages", {"to": "nobody", "text": "hi"}, 422),
    ("POST", "/phones/15550009/messages", {"to": "15550001"}, 422),
    ("POST", "/phones/15550009/messages", {"to": "15550001", "text": ""}, 422),
    ("POST", "/phones/15550009/messages", {"to": "15550001", "text": "x" * 65_537}, 422),
    ("POST", "/phones/15550009/messages", {"to": "15550001", "text": "hi", "more": 1}, 422),
    ("POST", "/phones/15550009/scan", {"qr": "nonsense"}, 422),
    ("POST", "/phones/15550009/scan", {"qr": "2@x,!!!,!!!,!!!,6"}, 422),
    ("POST", "/phones/15550009/scan", {"qr": "2@unknown," + ",".join(["A" * 43 + "="] * 3)}, 404),
    ("POST", "/phones/15550009/pair", {"code": "ABCD-1234"}, 404),
    ("POST", "/phones/15550009/pair", {"code": "ABCD-12345"}, 422),
    ("PUT", "/phones/15550009/behaviour", {"read": "yes"}, 422),
    ("PUT", "/phones/15550009/behaviour", {"colour": "red"}, 422),
    ("POST", "/devices/15550009/kick", {"kind": "close"}, 404),
    ("POST", "/devices/15550009/refuse", {"reason": "because"}, 422),
    ("POST", "/devices/15550009/refuse", {}, 422),
    ("GET", "/devices/15550009/connections", None, 404),
    ("POST", "/devices/kick", {"kind": "gently"}, 422),
    ("POST", "/devices/refuse", {"reason": "because"}, 422),
    ("POST", "/blast", {"to": [], "count": 1}, 422),
    ("POST", "/blast", {"to": ["15550001"], "count": -1}, 422),
    ("POST", "/blast", [1], 422),
    ("GET", "/nothing", None, 404),
    ("DELETE", "/stats", None, 405),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), BAD)
async def test_bad_input_is_a_clear_problem(
    bench: Bench, http: Http, method: str, path: str, body: Any, status: int
) -> None:
    found, detail = await problem(http, method, path, body)
    assert (found, bool(detail)) == (status, True)
    assert bench.world.accounts == {}


async def test_a_body_that_is_no_json(http: Http) -> None:
    answer = await http.post("/blast", data=b"{")
    assert answer.status == 422
    assert "JSON" in (await answer.json(content_type=None))["detail"]
