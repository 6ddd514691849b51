"""Messages both ways through everything: the API, the queues, the real WhatsApp library, the local WhatsApp."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Shop, endpoint_for, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_number_pairs_sends_receives_and_hears_it_signed(shop: Shop) -> None:
    await shop.create()
    async with endpoint_for(shop) as endpoint:
        await shop.scan()
        connected = await shop.state("connected")
        assert connected["phone"] == shop.number
        sent = await shop.send("Hello, æøå 👋")
        assert sent["state"] in {"sent", "delivered"}
        assert await shop.inbox() == ["Hello, æøå 👋"]

        async def delivered() -> bool:
            _, message = await shop.call("GET", f"/messages/{sent['id']}")
            return message["state"] == "delivered" and message["whatsapp_id"] is not None

        await until(delivered)
        await shop.customer_writes("And hello to you")
        await until(lambda: _found(endpoint.of_type("message.received")))
        received = endpoint.of_type("message.received")[0]
        assert received["data"]["text"] == "And hello to you"
        assert received["data"]["from"]["phone"] == shop.customer
        assert received["instance"] == shop.id
    status, log = await shop.call("GET", "/events?after=0")
    assert status == 200
    assert [event["sequence"] for event in log["data"]] == list(range(1, len(log["data"]) + 1))
    assert {event["id"] for event in endpoint.events} <= {event["id"] for event in log["data"]}


async def test_reading_on_the_phone_is_told(shop: Shop) -> None:
    await shop.pair()
    await shop.target.phone("PUT", f"/phones/{shop.customer}/behaviour", {"read": True, "reply": "thanks"})
    sent = await shop.send("read me")

    async def read() -> bool:
        _, message = await shop.call("GET", f"/messages/{sent['id']}")
        return bool(message["state"] == "read")

    await until(read)

    async def answered() -> bool:
        _, log = await shop.call("GET", "/events?wait=5")
        return any(event["data"].get("text") == "thanks" for event in log["data"])

    await until(answered)


async def test_a_flaky_endpoint_gets_the_event_again(shop: Shop) -> None:
    await shop.pair()
    async with endpoint_for(shop, "message.received") as endpoint:
        endpoint.answers = [500]
        await shop.customer_writes("try twice")
        await until(lambda: _found(len(endpoint.of_type("message.received")) == 2))
        first, second = endpoint.of_type("message.received")
        assert first == second


async def test_messages_keep_their_order(shop: Shop) -> None:
    await shop.pair()
    texts = [f"n{number}" for number in range(15)]
    for text in texts:
        status, _ = await shop.call("POST", "/messages", {"to": shop.customer, "type": "text", "text": text})
        assert status == 202

    async def arrived() -> bool:
        return len(await shop.inbox()) == len(texts)

    await until(arrived)
    assert await shop.inbox() == texts


async def test_one_idempotency_key_is_one_message_on_the_phone(shop: Shop) -> None:
    await shop.pair()
    body = {"to": f"+{shop.customer}", "type": "text", "text": "only once"}
    headers = {"Idempotency-Key": "order-1", "Prefer": "wait=20"}
    answers = [await shop.call("POST", "/messages", body, **headers) for _ in range(3)]
    assert len({answer["id"] for _, answer in answers}) == 1
    status, problem = await shop.call("POST", "/messages", {**body, "text": "other"}, **headers)
    assert (status, problem["type"]) == (422, "idempotency-key-reused")
    assert await shop.inbox() == ["only once"]


async def test_an_unpaired_instance_refuses_messages_with_its_state(shop: Shop) -> None:
    await shop.create()
    body = {"to": shop.customer, "type": "text", "text": "too early"}
    status, problem = await shop.call("POST", "/messages", body)
    assert (status, problem["type"]) == (409, "not-paired")
    assert problem["state"] in {"created", "pairing"}


async def _found(value: object) -> object:
    return value
