"""The unmodified neonize links itself to phones of the local WhatsApp."""

from __future__ import annotations

from tests.integration.whatsapp.conftest import Start
from tests.integration.whatsapp.harness import LocalWhatsApp


async def test_a_scanned_qr_code_links_the_device(server: LocalWhatsApp, start: Start, me: str, you: str) -> None:
    client = await start(me)
    await client.do("connect")
    code = (await client.event("QR"))["code"]
    linked = await server.ok("POST", f"/phones/+{me}/scan", qr=code)
    assert linked["jid"] == f"{me}:1@s.whatsapp.net"
    await client.event("Connected")
    status, problem = await server.call("POST", f"/phones/{you}/scan", qr=code)
    assert status == 410
    assert "expired" in problem["detail"]


async def test_a_typed_code_links_the_device(server: LocalWhatsApp, start: Start, me: str, phone: str) -> None:
    client = await start(me)
    await client.do("connect")
    await client.event("QR")
    code = await client.do("pair_code", phone=me)
    linked = await server.ok("POST", f"/phones/{me}/pair", code=code.lower())
    assert linked["jid"] == f"{me}:1@s.whatsapp.net"
    await client.event("Connected")
    await client.do("send", to=phone, text="by code")
    await server.inbox(phone, "by code")


async def test_a_wrong_code_links_nothing(server: LocalWhatsApp, start: Start, me: str) -> None:
    client = await start(me)
    await client.do("connect")
    await client.event("QR")
    code = await client.do("pair_code", phone=me)
    wrong = ("B" if code[0] == "A" else "A") + code[1:]
    status, problem = await server.call("POST", f"/phones/{me}/pair", code=wrong)
    assert status == 404
    assert "code" in problem["detail"]
    assert (await server.call("GET", f"/devices/{me}"))[0] == 404


async def test_a_code_that_ended_with_its_client_is_expired(server: LocalWhatsApp, start: Start, me: str) -> None:
    client = await start(me)
    await client.do("connect")
    code = (await client.event("QR"))["code"]
    await client.stop()
    await server.eventually("/stats", lambda stats: stats["pairing"] == 0)
    status, _ = await server.call("POST", f"/phones/{me}/scan", qr=code)
    assert status == 410


async def test_a_second_device_of_a_number_gets_messages_too(
    server: LocalWhatsApp, start: Start, me: str, you: str
) -> None:
    first = await start(me)
    await first.pair()
    other = await start(you)
    await other.pair()
    await other.do("send", to=me, text="to one")
    await first.event("Message", text="to one")
    second = await start(f"{me}-2")
    second.number = me
    await second.pair()
    await other.do("send", to=me, text="to both")
    await first.event("Message", text="to both")
    await second.event("Message", text="to both")
    await first.do("send", to=you, text="seen by my other device")
    copy = await second.event("Message", text="seen by my other device")
    assert copy["from_me"]


async def test_logout_unlinks(server: LocalWhatsApp, start: Start, me: str) -> None:
    client = await start(me)
    await client.pair()
    await client.do("logout")
    assert (await server.call("GET", f"/devices/{me}"))[0] == 404
