"""The guard in stores of the real library.

The library writes down the other side's identity between loading a session and storing it. A trigger on that makes the
moment in which a message to the same chat is encrypted.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from session_host.whatsapp.chain_guard import NAME
from session_host.whatsapp.port import Account
from tests.integration.session_host.whatsapp.hosts import Host, Line
from tests.integration.whatsapp.harness import LocalWhatsApp

CUSTOMER = "4915559301"
INDEX = "$.SessionState.SenderChain.ChainKey.Index"
ENCRYPT_IN_BETWEEN = f"""\
CREATE TRIGGER in_between AFTER UPDATE ON whatsmeow_identity_keys BEGIN
    UPDATE whatsmeow_sessions
    SET session = CAST(json_set(
        CAST(session AS TEXT), '{INDEX}', json_extract(CAST(session AS TEXT), '{INDEX}') + 1) AS BLOB)
    WHERE their_id = NEW.their_id;
END"""  # noqa: S608


def ask(store: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(store, timeout=10, isolation_level=None)) as database:
        return database.execute(statement).fetchall()


def counter(store: Path, line: Line) -> int:
    """The next counter for the device that wrote it."""
    lid = line["sender"]["lid"].partition("@")[0]
    ((session,),) = ask(store, f"SELECT session FROM whatsmeow_sessions WHERE their_id LIKE '{lid}%'")  # noqa: S608
    return int(json.loads(session)["SessionState"]["SenderChain"]["ChainKey"]["Index"])


@pytest.mark.parametrize(("guarded", "used_up"), [(True, 1), (False, 0)])
async def test_a_decryption_does_not_put_back_a_counter_that_was_used_up_meanwhile(
    server: LocalWhatsApp, shop: Account, host: Host, *, guarded: bool, used_up: int
) -> None:
    await host.connect(shop)
    await server.ok("POST", f"/phones/{CUSTOMER}/messages", to=shop.key, text="hello")
    before = counter(shop.store, await host.signal(shop.key, "MessageReceived", text="hello"))
    ask(shop.store, ENCRYPT_IN_BETWEEN)
    if not guarded:
        ask(shop.store, f"DROP TRIGGER {NAME}")

    await server.ok("POST", f"/phones/{CUSTOMER}/messages", to=shop.key, text="anybody there?")
    heard = await host.signal(shop.key, "MessageReceived", text="anybody there?")

    assert counter(shop.store, heard) == before + used_up


async def test_a_guarded_store_opens_again_and_the_conversation_goes_on(
    server: LocalWhatsApp, shop: Account, host: Host
) -> None:
    await host.connect(shop)
    for number in range(3):
        await server.ok("POST", f"/phones/{CUSTOMER}/messages", to=shop.key, text=f"{shop.key} in {number}")
        await host.signal(shop.key, "MessageReceived", text=f"{shop.key} in {number}")
        await host.do("stop", shop.key)
        await host.connect(shop)
        await host.do("send_text", shop.key, CUSTOMER, f"{shop.key} out {number}")
        await server.inbox(CUSTOMER, f"{shop.key} out {number}")

    assert ask(shop.store, f"SELECT count(*) FROM sqlite_master WHERE name = '{NAME}'") == [(1,)]  # noqa: S608
