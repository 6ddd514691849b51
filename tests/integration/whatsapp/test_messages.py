"""Messages, receipts, groups, media and questions between real clients and phones."""

from __future__ import annotations

import asyncio

from tests.integration.whatsapp.conftest import Start
from tests.integration.whatsapp.harness import PATIENCE, LocalWhatsApp

DELIVERED, READ = 1, 4


async def nothing_left_open(server: LocalWhatsApp) -> None:
    stats = await server.ok("GET", "/stats")
    assert stats["unanswered"] == 0
    assert stats["unknown"] == {}


async def test_both_ways_with_a_phone(server: LocalWhatsApp, start: Start, me: str, phone: str) -> None:
    client = await start(me)
    await client.pair()
    message = await client.do("send", to=phone, text="hello, æøå 👋")
    letter = await server.inbox(phone, "hello, æøå 👋")
    assert (letter["id"], letter["from"], letter["type"]) == (message, me, "text")
    assert letter["at"].endswith("Z")
    await client.event("Receipt", ids=[message], type=DELIVERED)
    sent = await server.ok("POST", f"/phones/{phone}/messages", to=f"+{me}", text="hello back")
    arrived = await client.event("Message", text="hello back")
    assert arrived["id"] == sent["id"]
    assert arrived["sender_alt"] == f"{phone}@s.whatsapp.net"
    await nothing_left_open(server)


async def test_a_phone_reads_and_answers_when_told_to(server: LocalWhatsApp, start: Start, me: str, phone: str) -> None:
    await server.ok("PUT", f"/phones/{phone}/behaviour", read=True, reply="I am a phone")
    client = await start(me)
    await client.pair()
    message = await client.do("send", to=phone, text="are you there?")
    await client.event("Receipt", ids=[message], type=READ)
    await client.event("Message", text="I am a phone")
    await nothing_left_open(server)


async def test_between_two_clients(server: LocalWhatsApp, start: Start, me: str, you: str) -> None:
    one, other = await start(me), await start(you)
    await one.pair()
    await other.pair()
    await one.eventually("presence", available=True)
    await other.eventually("presence", available=True)
    message = await one.do("send", to=you, text="one to other")
    arrived = await other.event("Message", text="one to other")
    await one.event("Receipt", ids=[message], type=DELIVERED)
    await other.do("read", message=arrived["id"])
    await one.event("Receipt", ids=[message], type=READ)
    await other.do("send", to=arrived["chat"], text="other to one")
    await one.event("Message", text="other to one")
    await one.do("watch", number=you)
    await one.event("Presence")
    await one.do("typing", number=you)
    await other.event("ChatPresence")
    await nothing_left_open(server)


async def test_many_messages_keep_their_order(server: LocalWhatsApp, start: Start, me: str, phone: str) -> None:
    client = await start(me)
    await client.pair()
    texts = [f"number {index}" for index in range(30)]
    for text in texts:
        await client.do("send", to=phone, text=text)
    await server.inbox(phone, texts[-1])
    letters = await server.ok("GET", f"/phones/{phone}/inbox")
    assert [letter["text"] for letter in letters] == texts


async def test_groups(server: LocalWhatsApp, start: Start, me: str, you: str, phone: str) -> None:
    one, other = await start(me), await start(you)
    await one.pair()
    await other.pair()
    group = await one.do("create_group", name="Team", members=[you, phone])
    await other.event("JoinedGroup")
    for text in ("first", "second"):
        await one.do("send", to=group, text=text)
        assert (await other.event("Message", text=text))["chat"] == group
        letter = await server.inbox(phone, text)
        assert letter["group"] == group.split("@")[0]
        assert letter["from"] == me
    await other.do("send", to=group, text="answer")
    await one.event("Message", text="answer")
    await server.inbox(phone, "answer")
    await one.do("rename_group", group=group, name="New name")
    await other.event("GroupInfoEvent")
    info = await other.do("group", group=group)
    assert info["name"] == "New name"
    assert len(info["members"]) == 3
    await nothing_left_open(server)


async def test_media_comes_back_as_it_was(server: LocalWhatsApp, start: Start, me: str) -> None:
    client = await start(me)
    await client.pair()
    upload = await client.do("upload", content="a picture, so to speak")
    assert upload["downloaded"] == "a picture, so to speak"
    await nothing_left_open(server)


async def test_number_checks_follow_the_behaviour(
    server: LocalWhatsApp, start: Start, me: str, other: str, you: str
) -> None:
    await server.ok("PUT", f"/phones/{other}/behaviour", registered=False)
    client = await start(me)
    await client.pair()
    found = await client.do("check", numbers=[f"+{you}", f"+{other}"])
    assert {each["query"]: each["exists"] for each in found} == {f"+{you}": True, f"+{other}": False}
    await nothing_left_open(server)


async def test_every_question_is_answered(server: LocalWhatsApp, start: Start, me: str, phone: str) -> None:
    client = await start(me)
    await client.pair()
    await client.do("assorted", number=phone)
    await nothing_left_open(server)


async def test_a_client_is_asked_for_more_keys_before_they_run_out(
    server: LocalWhatsApp, start: Start, me: str
) -> None:
    client = await start(me)
    await client.pair()
    (before,) = await server.ok("GET", f"/devices/{me}")
    used = before["prekeys"]
    await server.ok("POST", "/blast", to=[me], count=used, rate=0, senders=used)
    await server.eventually(f"/devices/{me}", lambda devices: devices[0]["prekeys"] > 40)
    await server.eventually(f"/devices/{me}", lambda devices: devices[0]["queued"] == 0)

    def blasts() -> int:
        return len([event for event in client.seen("Message") if event["text"].startswith("blast ")])

    async with asyncio.timeout(PATIENCE):
        while blasts() < used:  # the client acknowledges before it tells
            await asyncio.sleep(0.05)
    assert blasts() == used
