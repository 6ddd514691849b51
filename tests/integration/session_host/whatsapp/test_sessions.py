from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from session_host.whatsapp.pairing.desk import ProcessDesk
from session_host.whatsapp.port import Account
from tests.integration.session_host.whatsapp.hosts import PATIENCE, Host, Refused, host_for, mute_proxy, pair, warm
from tests.integration.whatsapp.harness import LocalWhatsApp

CUSTOMER = "4915559001"


async def test_texts_go_both_ways_with_their_receipts(server: LocalWhatsApp, shop: Account, host: Host) -> None:
    await server.ok("PUT", f"/phones/{CUSTOMER}/behaviour", read=True)
    connected = await host.connect(shop)

    sent = await host.do("send_text", shop.key, CUSTOMER, "Your parcel is here")
    letter = await server.inbox(CUSTOMER, "Your parcel is here")
    delivered = await host.signal(shop.key, "ReceiptReceived", kind="delivered")
    read = await host.signal(shop.key, "ReceiptReceived", kind="read")
    await server.ok("POST", f"/phones/{CUSTOMER}/messages", to=shop.key, text="Thank you")
    message = await host.signal(shop.key, "MessageReceived")

    assert connected["person"]["phone"] == shop.key
    assert connected["person"]["lid"].endswith("@lid")
    assert letter["id"] == sent["whatsapp_id"]
    assert delivered["message_ids"] == read["message_ids"] == [sent["whatsapp_id"]]
    assert (message["kind"], message["text"], message["from_me"]) == ("text", "Thank you", False)
    assert message["chat"] == f"{CUSTOMER}@s.whatsapp.net"
    assert message["sender"]["phone"] == CUSTOMER
    assert abs(message["timestamp"] - sent["timestamp"]) < 60


async def test_what_only_the_protocol_says_is_no_message(server: LocalWhatsApp, shop: Account, host: Host) -> None:
    await host.connect(shop)  # the phone sends keys and history to its new device
    await server.ok("POST", f"/phones/{CUSTOMER}/messages", to=shop.key, text="first")
    await host.signal(shop.key, "MessageReceived", text="first")
    await server.ok("POST", f"/phones/{CUSTOMER}/messages", to=shop.key, text="second")
    await host.signal(shop.key, "MessageReceived", text="second")

    assert host.seen("MessageReceived") == []


async def test_a_message_sent_between_pairing_and_the_first_connection_arrives(
    server: LocalWhatsApp, shop: Account, host: Host
) -> None:
    await server.ok("POST", f"/phones/{CUSTOMER}/messages", to=shop.key, text="early")

    await host.connect(shop)

    await host.signal(shop.key, "MessageReceived", text="early")


@pytest.mark.parametrize("kind", ["close", "abort", "unavailable"])
async def test_a_lost_socket_comes_back_by_itself(server: LocalWhatsApp, shop: Account, host: Host, kind: str) -> None:
    await host.connect(shop)

    await server.ok("POST", f"/devices/{shop.key}/kick", kind=kind)

    await host.signal(shop.key, "Disconnected")
    await host.signal(shop.key, "Connected")
    await host.do("send_text", shop.key, CUSTOMER, "back again")
    await server.inbox(CUSTOMER, "back again")


@pytest.mark.parametrize(("kind", "reason"), [("replaced", "stream_replaced"), ("device_removed", "device_removed")])
async def test_a_kick_for_good_ends_the_session(
    server: LocalWhatsApp, shop: Account, host: Host, kind: str, reason: str
) -> None:
    await host.connect(shop)

    await server.ok("POST", f"/devices/{shop.key}/kick", kind=kind)

    await host.signal(shop.key, "SessionEnded", reason=reason)
    with pytest.raises(Refused, match="NotConnected"):
        await host.do("send_text", shop.key, CUSTOMER, "too late")


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        ({"reason": "401"}, "device_removed"),
        ({"reason": "402", "code": "101", "expire": "3600"}, "temporary_ban"),
        ({"reason": "403"}, "device_removed"),
        ({"reason": "405"}, "client_outdated"),
        ({"reason": "409"}, "connect_failure"),
    ],
)
async def test_a_refused_login_ends_the_session_with_its_reason(
    server: LocalWhatsApp, shop: Account, host: Host, refusal: dict[str, str], reason: str
) -> None:
    await server.ok("POST", f"/devices/{shop.key}/refuse", **refusal)

    await host.do("open", shop.key, str(shop.store), None)

    ended = await host.signal(shop.key, "SessionEnded", reason=reason)
    assert (ended["until"] is not None) == (reason == "temporary_ban")


async def test_a_server_in_trouble_is_tried_again(server: LocalWhatsApp, shop: Account, host: Host) -> None:
    await server.ok("POST", f"/devices/{shop.key}/refuse", reason="503", count=1)

    await host.do("open", shop.key, str(shop.store), None)

    await host.signal(shop.key, "Disconnected")
    await host.signal(shop.key, "Connected")


async def test_what_was_not_taken_survives_the_process(server: LocalWhatsApp, shop: Account, tmp_path: Path) -> None:
    """WhatsApp does not tell it again: it takes for delivered what the library has decrypted."""
    async with host_for(server, tmp_path) as host:
        await host.connect(shop)
        await host.do("leave", shop.key)
        await server.ok("POST", f"/phones/{CUSTOMER}/messages", to=shop.key, text="in time")
        await host.signal(shop.key, "MessageReceived", text="in time")
        await server.eventually("/stats", lambda stats: stats["unsettled"] == 0)
        host.process.kill()

    async with host_for(server, tmp_path) as host:
        await host.connect(shop)
        await host.signal(shop.key, "MessageReceived", text="in time")
        await host.do("stop", shop.key)
        await host.connect(shop)
        await server.ok("POST", f"/phones/{CUSTOMER}/messages", to=shop.key, text="later")
        await host.signal(shop.key, "MessageReceived", text="later")

        assert host.seen("MessageReceived") == []


async def test_the_next_session_of_an_account_outlives_the_last_one(
    server: LocalWhatsApp, shop: Account, host: Host
) -> None:
    await host.connect(shop)
    await host.do("stop", shop.key)
    await host.connect(shop)

    await host.do("collect")  # what is collected of the first one must not stop the second

    await host.do("send_text", shop.key, CUSTOMER, "still here")
    await server.inbox(CUSTOMER, "still here")


async def test_numbers_are_checked(server: LocalWhatsApp, shop: Account, host: Host) -> None:
    nobody = "4915559002"
    await server.ok("PUT", f"/phones/{CUSTOMER}/behaviour", registered=True)
    await server.ok("PUT", f"/phones/{nobody}/behaviour", registered=False)
    await host.connect(shop)

    answers = await host.do("check_numbers", shop.key, [nobody, CUSTOMER])

    assert answers == [
        {"number": nobody, "exists": False, "jid": None},
        {"number": CUSTOMER, "exists": True, "jid": f"{CUSTOMER}@s.whatsapp.net"},
    ]
    await server.ok("PUT", "/phones/551187654321/behaviour", registered=True)
    answers = await host.do("check_numbers", shop.key, ["5511987654321", "551187654321"])
    assert {answer["jid"] for answer in answers} == {"551187654321@s.whatsapp.net"}, "the number that WhatsApp knows"
    with pytest.raises(Refused, match="Rejected not_on_whatsapp"):
        await host.do("send_text", shop.key, nobody, "anybody there?")


async def test_logout_unlinks_the_device_and_forgets_the_credentials(
    server: LocalWhatsApp, shop: Account, host: Host
) -> None:
    await host.connect(shop)

    await host.do("logout", shop.key)

    assert list(shop.store.parent.glob(f"{shop.store.name}*")) == []
    assert (await server.call("GET", f"/devices/{shop.key}"))[1].get("status") == 404
    assert host.seen("SessionEnded") == []


async def test_without_credentials_nothing_is_started(host: Host, tmp_path: Path) -> None:
    await host.do("open", "ghost", str(tmp_path / "ghost.db"), None)

    await host.signal("ghost", "SessionEnded", reason="device_removed")
    assert not (tmp_path / "ghost.db").exists()


async def test_credentials_without_a_device_do_not_start_a_pairing(
    server: LocalWhatsApp, shop: Account, host: Host
) -> None:
    await server.ok("POST", f"/devices/{shop.key}/refuse", reason="401")
    await host.do("open", shop.key, str(shop.store), None)
    await host.signal(shop.key, "SessionEnded", reason="device_removed")

    await host.do("open", shop.key, str(shop.store), None)  # a host that died before it noted that would do this

    await host.signal(shop.key, "SessionEnded", reason="device_removed", detail="the credentials hold no device")
    await server.eventually("/stats", lambda stats: stats["pairing"] == 0)
    await until_stuck(host, 1)  # the library never gives this thread back


async def test_a_send_cut_by_a_stop_has_an_unknown_outcome(server: LocalWhatsApp, shop: Account, host: Host) -> None:
    await host.connect(shop)
    await host.do("send_text", shop.key, CUSTOMER, "warm")
    with silent(server):
        sending = asyncio.create_task(host.do("send_text", shop.key, CUSTOMER, "cut"))
        await asyncio.sleep(0.2)  # whether it is under way cannot be seen; either way the outcome is unknown
        stopping = asyncio.create_task(host.do("stop", shop.key))
        with pytest.raises(Refused, match="OutcomeUnknown stopped"):
            await sending
    await stopping


async def test_a_send_that_the_server_never_answers_has_an_unknown_outcome(
    server: LocalWhatsApp, shop: Account, tmp_path: Path
) -> None:
    async with host_for(server, tmp_path, answer=0.5) as host:
        await host.connect(shop)
        with silent(server), pytest.raises(Refused, match="OutcomeUnknown timeout"):
            await host.do("send_text", shop.key, CUSTOMER, "into the void")


async def test_a_send_cut_by_a_lost_socket_has_an_unknown_outcome(
    server: LocalWhatsApp, shop: Account, host: Host
) -> None:
    await host.connect(shop)
    await host.do("send_text", shop.key, CUSTOMER, "warm")
    with silent(server):
        sending = asyncio.create_task(host.do("send_text", shop.key, CUSTOMER, "lost"))
        await host.do("wear")  # the process has begun the call before it
        await asyncio.sleep(0.2)
        server.stop(signal.SIGKILL)
    await host.signal(shop.key, "Disconnected")
    with pytest.raises(Refused, match="NotConnected"):
        await host.do("send_text", shop.key, CUSTOMER, "while down")
    with pytest.raises(Refused, match="OutcomeUnknown interrupted"):
        await sending
    server.start()


async def test_a_stop_during_a_hanging_connection_waits_for_it_in_the_background(
    server: LocalWhatsApp, shop: Account, tmp_path: Path
) -> None:
    """Stopping it there and then would abort the whole process once the connection stood."""
    async with host_for(server, tmp_path, stop=0.3) as host:
        with silent(server):
            await host.do("open", shop.key, str(shop.store), None)
            while not (await host.do("wear"))["starts"]:
                await asyncio.sleep(0.02)
            await host.do("stop", shop.key)
            assert (await host.do("wear"))["stuck"] == 1
        await until_stuck(host, 0)

        await host.connect(shop)
        await host.do("send_text", shop.key, CUSTOMER, "alive")


async def test_a_proxy_that_says_nothing_ends_the_session_and_no_other(
    desk: ProcessDesk, server: LocalWhatsApp, shop: Account, tmp_path: Path
) -> None:
    other = await pair(desk, server, tmp_path, "4915558800")
    async with host_for(server, tmp_path, connect=4.0) as host, mute_proxy() as proxy_url:
        await host.connect(other)
        await host.do("open", shop.key, str(shop.store), proxy_url)

        await host.signal(shop.key, "SessionEnded", reason="proxy_unreachable")

        await host.do("send_text", other.key, CUSTOMER, "unharmed")


async def test_a_proxy_that_refuses_ends_the_session(shop: Account, host: Host) -> None:
    await host.do("open", shop.key, str(shop.store), "http://127.0.0.1:1")

    await host.signal(shop.key, "SessionEnded", reason="proxy_unreachable")


async def test_calls_without_a_connection_do_no_harm(shop: Account, server: LocalWhatsApp, host: Host) -> None:
    """Some of the library's functions abort the process when their client is not there."""
    await host.connect(shop)
    await host.do("stop", shop.key)
    await host.do("stop", shop.key)
    for call in (
        ("send_text", CUSTOMER, "x"),
        ("set_typing", CUSTOMER, True),
        ("check_numbers", [CUSTOMER]),
        ("logout",),
    ):
        with pytest.raises(Refused, match="NotConnected"):
            await host.do(call[0], shop.key, *call[1:])

    await host.do("close")
    assert await host.end() == 0


async def test_all_being_well_the_library_logs_nothing(server: LocalWhatsApp, shop: Account, host: Host) -> None:
    """Its debug log, on unless it is told otherwise in the right word, costs time and tells numbers and texts."""
    await warm(server, shop, host, CUSTOMER)
    await host.do("stop", shop.key)

    # what was under way when it was stopped
    cut_short = ("websocket not connected", "websocket disconnected", "frame socket is closed")
    said = {line for line in await log_lines(host) if not any(words in line for words in cut_short)}
    assert said == {"Press Ctrl+C to exit"}  # the library's own idea, printed to stderr


async def test_recipients_that_are_none_are_refused(shop: Account, host: Host) -> None:
    await host.connect(shop)
    for recipient in ("", "nobody", "4915@example.com"):
        with pytest.raises(Refused, match="Rejected invalid_recipient"):
            await host.do("send_text", shop.key, recipient, "x")


async def log_lines(host: Host) -> set[str]:
    """All that the process wrote, at its end."""
    assert await host.end() == 0
    return set(host.log.read_text().splitlines())


class silent:  # noqa: N801 - reads as what it does
    """The server's process stands still for a while: connections stay open and nothing comes."""

    def __init__(self, server: LocalWhatsApp) -> None:
        assert server.process
        self._pid = server.process.pid

    def __enter__(self) -> None:
        os.kill(self._pid, signal.SIGSTOP)

    def __exit__(self, *_error: object) -> None:
        try:
            os.kill(self._pid, signal.SIGCONT)
        except ProcessLookupError:
            return


async def until_stuck(host: Host, clients: int) -> None:
    """Waits until the library keeps just so many clients."""
    async with asyncio.timeout(PATIENCE):
        while (await host.do("wear"))["stuck"] != clients:
            await asyncio.sleep(0.05)
