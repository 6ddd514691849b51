"""A session store that cannot be written. The limit on file sizes stands for the full disk: it can be lifted."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from session_host.whatsapp.port import Account
from tests.integration.session_host.whatsapp.hosts import PATIENCE, Host, Refused, warm
from tests.integration.whatsapp.harness import LocalWhatsApp

CUSTOMER, STRANGER = "4915559201", "4915559202"


@contextmanager
def full_disk(host: Host) -> Iterator[None]:
    """The process can add nothing to any file."""
    resource.prlimit(host.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    yield
    resource.prlimit(host.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@pytest.mark.parametrize("to", [CUSTOMER, STRANGER])
async def test_a_send_that_cannot_be_stored_is_not_sent_and_goes_out_once_there_is_room(
    server: LocalWhatsApp, shop: Account, host: Host, to: str
) -> None:
    await warm(server, shop, host, CUSTOMER)
    with full_disk(host):
        with pytest.raises(Refused, match="StoreUnwritable session_store_full"):
            await host.do("send_text", shop.key, to, f"parcel {shop.key}")
        await host.signal(shop.key, "SessionEnded", reason="session_store_full")
        with pytest.raises(Refused, match="NotConnected"):
            await host.do("send_text", shop.key, to, f"parcel {shop.key}")
        await host.do("open", shop.key, str(shop.store), None)
        await host.signal(shop.key, "SessionEnded", reason="session_store_full")

    await host.connect(shop)
    await host.do("send_text", shop.key, to, f"parcel {shop.key}")
    await host.do("send_text", shop.key, to, f"last {shop.key}")
    await server.inbox(to, f"last {shop.key}")

    letters = [letter["text"] for letter in await server.ok("GET", f"/phones/{to}/inbox")]
    assert letters.count(f"parcel {shop.key}") == 1


async def test_what_is_written_to_a_session_without_room_comes_once_there_is_room(
    server: LocalWhatsApp, shop: Account, host: Host
) -> None:
    """But for the message by which it is noticed: the library may have given that up in the meantime."""
    texts = {f"order {number}" for number in range(10)}
    await warm(server, shop, host, CUSTOMER)
    with full_disk(host):
        await server.ok("POST", f"/phones/{CUSTOMER}/messages", to=shop.key, text="the first")
        await host.signal(shop.key, "SessionEnded", reason="session_store_full")
        await until_gone(server, shop)
        for text in texts:
            await server.ok("POST", f"/phones/{CUSTOMER}/messages", to=shop.key, text=text)

    await host.connect(shop)
    for text in texts:
        await host.signal(shop.key, "MessageReceived", text=text)

    assert {message["text"] for message in host.seen("MessageReceived")} <= {"the first"}


async def until_gone(server: LocalWhatsApp, account: Account) -> None:
    """Waits until the device has no connection."""
    async with asyncio.timeout(PATIENCE):
        while (await server.ok("GET", f"/devices/{account.key}"))[0]["connected"]:
            await asyncio.sleep(0.02)
