"""Whoever writes may send what is no text; the library passes it on as it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from session_host.whatsapp.port import Account
from tests.integration.session_host.whatsapp.hosts import Host
from tests.integration.whatsapp.harness import LocalWhatsApp

CUSTOMER = "4915559001"
ODD = b"\xff\xfe?"  # as long as its name


class OddPhones(LocalWhatsApp):
    program = ("-m", "tests.integration.session_host.whatsapp.odd_phones")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWhatsApp]:
    server = OddPhones(tmp_path_factory.mktemp("whatsapp"))
    server.start()
    yield server
    server.stop()


async def test_bytes_that_are_no_text_arrive_as_one(server: LocalWhatsApp, shop: Account, host: Host) -> None:
    await host.connect(shop)
    for text in ("before ODD", "after"):
        await server.ok("POST", f"/phones/{CUSTOMER}/messages", to=shop.key, text=text)

    await host.signal(shop.key, "MessageReceived", text="before \ufffd\ufffd?")
    await host.signal(shop.key, "MessageReceived", text="after")
