"""Connections that hang, die silently, or are not yet gone when the next one is wanted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from session_host.whatsapp.pairing.desk import DeskLimits, ProcessDesk
from session_host.whatsapp.pairing.ticket import Waits
from session_host.whatsapp.port import Account
from tests.integration.session_host.whatsapp.hosts import Host, Refused, Signals, host_for, pair, settings_for
from tests.integration.session_host.whatsapp.valve import valve
from tests.integration.whatsapp.harness import LocalWhatsApp

CUSTOMER = "4915559101"


async def test_the_next_session_waits_for_one_that_still_dials(
    server: LocalWhatsApp, shop: Account, tmp_path: Path
) -> None:
    """Else WhatsApp would end one of the two as replaced, for good."""
    async with valve(server.proxy) as network, host_for(server, tmp_path, stop=0.2) as host:
        network.shut()
        await host.do("open", shop.key, str(shop.store), network.url)
        while not network.connections:
            await asyncio.sleep(0.02)
        await host.do("stop", shop.key)
        assert (await host.do("wear"))["stuck"] == 1
        await host.do("open", shop.key, str(shop.store), network.url)
        await asyncio.sleep(0.5)  # it has every chance to dial now
        assert network.connections == 1

        network.open()
        await host.signal(shop.key, "Connected")
        await host.do("send_text", shop.key, CUSTOMER, "one at a time")

        assert host.seen("SessionEnded") == []
        assert (await host.do("wear")) == {"starts": 2, "ended": 1, "stuck": 0}


async def test_a_session_whose_predecessor_does_not_go_ends_and_may_be_tried_again(
    server: LocalWhatsApp, shop: Account, tmp_path: Path
) -> None:
    async with valve(server.proxy) as network, host_for(server, tmp_path, stop=0.2, earlier=0.2) as host:
        network.shut()
        await host.do("open", shop.key, str(shop.store), network.url)
        while not network.connections:
            await asyncio.sleep(0.02)
        await host.do("stop", shop.key)

        await host.do("open", shop.key, str(shop.store), network.url)
        await host.signal(shop.key, "SessionEnded", reason="earlier_session")
        assert (await host.do("wear"))["stuck"] == 1

        network.open()
        while (await host.do("wear"))["stuck"]:
            await asyncio.sleep(0.05)
        await host.connect(shop)


async def test_a_cancelled_pairing_that_could_still_log_in_is_gone_before_the_session_starts(
    server: LocalWhatsApp, shop: Account, host: Host
) -> None:
    """So it is where a host died after a pairing, before it noted that the instance is linked."""
    async with valve(server.proxy) as network:
        network.shut()
        desk = ProcessDesk(settings_for(server), DeskLimits(waits=Waits(answer=0.3)))
        attempt = await desk.begin(Account(shop.key, shop.store, network.url), Signals())
        while not network.connections:
            await asyncio.sleep(0.02)

        await attempt.cancel()
        await desk.close()
        await host.connect(shop)
        network.open()
        await asyncio.sleep(0.5)  # what is left of the attempt would log in now

        assert host.seen("SessionEnded") == []
        await host.do("send_text", shop.key, CUSTOMER, "not replaced")


async def test_a_connection_that_dies_silently_is_noticed_and_the_next_one_works(
    desk: ProcessDesk, server: LocalWhatsApp, shop: Account, tmp_path: Path
) -> None:
    other = await pair(desk, server, tmp_path, "4915558801")
    async with valve(server.proxy) as network, host_for(server, tmp_path, keepalive=10, stop=0.2) as host:
        await host.connect(other)
        await host.connect(Account(shop.key, shop.store, network.url))
        network.shut()

        await host.signal(shop.key, "SessionEnded", reason="connection_dead")

        with pytest.raises(Refused, match="NotConnected"):
            await host.do("send_text", shop.key, CUSTOMER, "for later")
        await host.do("open", shop.key, str(shop.store), None)  # while the library still closes the dead socket
        await host.signal(shop.key, "Connected")
        await host.do("send_text", shop.key, CUSTOMER, "alive again")
        await server.inbox(CUSTOMER, "alive again")
        await host.do("send_text", other.key, CUSTOMER, "unharmed")


async def test_what_a_dead_connection_held_back_is_not_sent_later(
    server: LocalWhatsApp, shop: Account, tmp_path: Path
) -> None:
    """A send whose outcome is unknown is the last one: those after it were certainly not sent."""
    async with valve(server.proxy) as network, host_for(server, tmp_path, answer=2.0, stop=0.2) as host:
        await host.connect(Account(shop.key, shop.store, network.url))
        await host.do("send_text", shop.key, CUSTOMER, "warm")
        network.shut()

        sends = [asyncio.create_task(host.do("send_text", shop.key, CUSTOMER, f"text {number}")) for number in range(3)]
        ends = await asyncio.gather(*sends, return_exceptions=True)
        await host.signal(shop.key, "SessionEnded", reason="connection_dead")
        network.open()
        await host.connect(shop)
        await host.do("send_text", shop.key, CUSTOMER, "after")
        await server.inbox(CUSTOMER, "after")

        assert [end.kind for end in ends if isinstance(end, Refused)] == [
            "OutcomeUnknown",
            "NotConnected",
            "NotConnected",
        ]
        arrived = {letter["text"] for letter in await server.ok("GET", f"/phones/{CUSTOMER}/inbox")}
        assert not arrived & {"text 1", "text 2"}


async def test_a_send_on_a_connection_that_breaks_arrives_once(
    server: LocalWhatsApp, shop: Account, tmp_path: Path
) -> None:
    """The library sends it again under the same id once it has reconnected, and that is its true outcome."""
    async with valve(server.proxy) as network, host_for(server, tmp_path) as host:
        await host.connect(Account(shop.key, shop.store, network.url))
        await host.do("send_text", shop.key, CUSTOMER, "warm")
        await host.signal(shop.key, "ReceiptReceived", kind="delivered")  # nothing else is under way
        network.shut()
        sending = asyncio.create_task(host.do("send_text", shop.key, CUSTOMER, f"once {shop.key}"))
        await network.swallowed.wait()
        await asyncio.sleep(0.3)
        await server.ok("POST", f"/devices/{shop.key}/kick", kind="abort")
        network.open()

        sent = await sending
        await host.signal(shop.key, "Connected")
        await host.do("send_text", shop.key, CUSTOMER, f"next {shop.key}")
        await server.inbox(CUSTOMER, f"next {shop.key}")

        letters = await server.ok("GET", f"/phones/{CUSTOMER}/inbox")
        assert [letter["id"] for letter in letters if letter["text"] == f"once {shop.key}"] == [sent["whatsapp_id"]]
