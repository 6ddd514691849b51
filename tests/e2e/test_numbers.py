"""Checks of numbers through everything: the API, the queues, the real WhatsApp library, the local WhatsApp."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_numbers_are_checked_once_and_messages_validated(shop: Shop) -> None:
    await shop.pair()
    tail = shop.number[-7:]
    old, new, nobody = f"55418{tail}", f"554198{tail}", f"49178{tail}"
    await shop.target.phone("PUT", f"/phones/{old}/behaviour", {"registered": True})
    await shop.target.phone("PUT", f"/phones/{nobody}/behaviour", {"registered": False})
    asked = [f"+{new}", nobody, old]
    for cached in (False, True):
        status, answer = await shop.call("POST", "/numbers/check", {"numbers": asked})
        assert (status, answer["results"]) == (
            200,
            [
                {"number": f"+{new}", "exists": True, "jid": f"{old}@s.whatsapp.net", "cached": cached},
                {"number": nobody, "exists": False, "jid": None, "cached": cached},
                {"number": old, "exists": True, "jid": f"{old}@s.whatsapp.net", "cached": cached},
            ],
        )
    body = {"to": new, "type": "text", "text": "with all your digits", "validate": True}
    status, sent = await shop.call("POST", "/messages", body, Prefer="wait=20")
    assert (status, sent["to"]) == (202, old)
    assert sent["state"] in {"sent", "delivered"}
    inbox = await shop.target.phone("GET", f"/phones/{old}/inbox")
    assert [message["text"] for message in inbox] == ["with all your digits"]
    status, problem = await shop.call("POST", "/messages", body | {"to": nobody})
    assert (status, problem["type"]) == (422, "number-not-on-whatsapp")
