"""Messages over HTTP: accepted once, queued, followed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import httpx
import pytest

from functions.api.messages.idempotency import idempotency_key
from functions.api.messages.schemas import TextMessage
from functions.api.services import Services
from shared.clock import iso
from shared.ids import first_id_at
from shared.models.api_key import ApiKey
from shared.models.command import Command, CommandKind
from shared.models.instance import InstanceState
from shared.models.message import Message, MessageError, MessageState, Step
from shared.queues.queue import QueueError
from shared.store.messages import advance
from tests.integration.functions.api.conftest import client_of
from tests.integration.functions.api.fake_worker import FakeWorker

TEXT = {"to": "+351912345678", "type": "text", "text": "Olá 👋"}
MESSAGES = "/v1/instances/shop-1/messages"


class BrokenQueues:
    """Queues that take nothing; or that take it and say they did not."""

    def __init__(self, behind: Services | None = None) -> None:
        self._behind = behind

    async def send(self, partition: int, command: Command, dedup: str | None = None) -> None:
        if self._behind is not None:
            await self._behind.commands.send(partition, command, dedup)
        raise QueueError("no answer")


@pytest.fixture
async def shop(api: httpx.AsyncClient, worker: FakeWorker) -> httpx.AsyncClient:
    """The tenant's client, with an instance `shop-1` that is connected."""
    await api.post("/v1/instances", json={"id": "shop-1"})
    await worker.connect("acme", "shop-1")
    return api


async def settle(worker: FakeWorker, instance: str, message_id: str) -> None:
    """Moves a message to `sent`, as its session host does."""
    steps = [Step(MessageState.SENDING, iso(1)), Step(MessageState.SENT, iso(2))]
    await worker.deployment.database.write(advance(instance, message_id, steps, whatsapp_id="3EB0"))


async def test_a_message_is_stored_queued_and_found_again(shop: httpx.AsyncClient, worker: FakeWorker) -> None:
    accepted = await shop.post(MESSAGES, json=TEXT | {"typing_ms": 500, "on_uncertain": "resend", "ttl_s": 60})
    assert accepted.status_code == 202, accepted.text
    body = accepted.json()
    assert (body["state"], body["to"], body["type"], body["whatsapp_id"]) == ("accepted", "351912345678", "text", None)
    assert "error" not in body
    assert accepted.headers["location"] == f"{MESSAGES}/{body['id']}"
    (command,) = await worker.took(1, CommandKind.SEND)
    deadline = command.args.pop("deadline")
    assert 0 < deadline - worker.clock.unix() <= 60
    assert command.args == {
        "message_id": body["id"],
        "to": "351912345678",
        "type": "text",
        "content": {"text": "Olá 👋"},
        "on_uncertain": "resend",
        "typing_ms": 500,
    }
    await settle(worker, "acme#shop-1", body["id"])
    found = (await shop.get(accepted.headers["location"])).json()
    assert (found["state"], found["whatsapp_id"]) == ("sent", "3EB0")
    assert [step["state"] for step in found["timeline"]] == ["accepted", "sending", "sent"]


async def test_one_key_makes_one_message_however_often_it_is_sent(shop: httpx.AsyncClient, worker: FakeWorker) -> None:
    headers = {"idempotency-key": "order-7"}
    answers = await asyncio.gather(*(shop.post(MESSAGES, json=TEXT, headers=headers) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    await settle(worker, "acme#shop-1", answers[0].json()["id"])
    later = await shop.post(MESSAGES, json=dict(reversed(TEXT.items())) | {"ttl_s": 86_400}, headers=headers)
    assert (later.status_code, later.text) == (202, answers[0].text)
    other = await shop.post(MESSAGES, json=TEXT | {"text": "else"}, headers=headers)
    assert (other.status_code, other.json()["type"]) == (422, "idempotency-key-reused")
    await shop.post(MESSAGES, json=TEXT | {"text": "last"})
    await worker.took(2, CommandKind.SEND)  # in order, so nothing else was queued before the last
    assert list(worker.kinds()).count(CommandKind.SEND) == 2


async def test_the_quota_of_a_tenant_is_exact_however_many_call_at_once(
    shop: httpx.AsyncClient, worker: FakeWorker, services: Services
) -> None:
    await services.keys.save("hwp_few", ApiKey("key_few", "acme", messages_per_day=20))
    async with client_of(services, "hwp_few") as few:
        named = {"idempotency-key": "order-7"}
        first = await few.post(MESSAGES, json=TEXT, headers=named)
        allowed = '"messages";q=500;w=60, "calls-per-day";q=500000;w=86400, "messages-per-day";q=20;w=86400'
        assert first.headers["ratelimit-policy"] == allowed
        assert first.headers["ratelimit"].startswith('"messages-per-day";r=19;t=')
        async with client_of(replace(services, commands=BrokenQueues()), "hwp_few") as broken:
            assert (await broken.post(MESSAGES, json=TEXT)).status_code == 503, "which costs nothing"
        answers = await asyncio.gather(*(few.post(MESSAGES, json=TEXT) for _ in range(50)))
        assert sorted(answer.status_code for answer in answers) == [202] * 19 + [429] * 31
        refused = await few.post(MESSAGES, json=TEXT, headers={"idempotency-key": "order-8"})
        assert (refused.status_code, refused.headers["content-type"]) == (429, "application/problem+json")
        assert {"type": "message-quota-exceeded", "limit": 20}.items() <= refused.json().items()
        wait = refused.headers["retry-after"]
        assert abs(int(wait) - (-worker.clock.unix() % 86_400)) < 5
        assert refused.headers["ratelimit-policy"] == allowed
        assert refused.headers["ratelimit"] == f'"messages-per-day";r=0;t={wait}'
        again = await few.post(MESSAGES, json=TEXT, headers=named)
        assert (again.status_code, again.text) == (202, first.text)
    assert (await shop.post(MESSAGES, json=TEXT)).status_code == 202, "another key of the tenant has a larger number"
    await worker.took(21, CommandKind.SEND)
    assert list(worker.kinds()).count(CommandKind.SEND) == 21


async def test_dying_between_store_and_queue_is_healed_by_the_same_call(
    shop: httpx.AsyncClient, worker: FakeWorker, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"idempotency-key": "order-7"}

    class Died(BaseException):
        """The process ends here."""

    class DyingQueues(BrokenQueues):
        async def send(self, partition: int, command: Command, dedup: str | None = None) -> None:
            raise Died

    async with client_of(replace(services, commands=DyingQueues())) as dying:
        with pytest.raises(Died):
            await dying.post(MESSAGES, json=TEXT, headers=headers)
    assert CommandKind.SEND not in worker.kinds()
    again = await shop.post(MESSAGES, json=TEXT, headers=headers)
    assert again.status_code == 202
    (command,) = await worker.took(1, CommandKind.SEND)
    assert command.args["message_id"] == again.json()["id"]


@pytest.mark.parametrize("settled", [False, True])
async def test_a_call_that_is_repeated_late_queues_its_message_or_makes_a_new_one(
    shop: httpx.AsyncClient, worker: FakeWorker, services: Services, *, settled: bool
) -> None:
    long_ago = worker.clock.unix() - 100
    body = TextMessage.model_validate(TEXT)
    key = idempotency_key("order-7", MESSAGES, body)
    lost = Message(
        id=first_id_at("msg", long_ago),
        instance="acme#shop-1",
        to="351912345678",
        type="text",
        content=body.content(),
        state=MessageState.ACCEPTED,
        timeline=(Step(MessageState.ACCEPTED, iso(long_ago)),),
    )
    await services.messages.accept(lost, long_ago, key)
    if settled:  # as the owner of its partition does with what was never queued
        assert await services.messages.settle_unsent(lost, MessageError("not_queued", ""), iso(1), "order-7")
    again = await shop.post(MESSAGES, json=TEXT, headers={"idempotency-key": "order-7"})
    assert again.status_code == 202
    (command,) = await worker.took(1, CommandKind.SEND)
    assert command.args["message_id"] == again.json()["id"]
    assert (again.json()["id"] == lost.id) is not settled
    if not settled:
        (found,), _ = await services.messages.unsettled(lost.instance, long_ago - 1, long_ago + 1)
        assert found.accepted_at > long_ago + 90


async def test_a_queue_that_fails_fails_the_message_and_frees_its_key(
    shop: httpx.AsyncClient, worker: FakeWorker, services: Services
) -> None:
    headers = {"idempotency-key": "order-7"}
    async with client_of(replace(services, commands=BrokenQueues())) as broken:
        refused = await broken.post(MESSAGES, json=TEXT, headers=headers)
    assert (refused.status_code, refused.json()["type"]) == (503, "unavailable")
    assert refused.headers["retry-after"] == "1"
    again = await shop.post(MESSAGES, json=TEXT, headers=headers)
    assert again.status_code == 202
    (command,) = await worker.took(1, CommandKind.SEND)
    assert command.args["message_id"] == again.json()["id"]


async def test_a_repeated_call_that_cannot_queue_leaves_what_was_accepted_alone(
    shop: httpx.AsyncClient, worker: FakeWorker, services: Services
) -> None:
    headers = {"idempotency-key": "order-7"}
    accepted = await shop.post(MESSAGES, json=TEXT, headers=headers)
    assert accepted.status_code == 202
    async with client_of(replace(services, commands=BrokenQueues())) as broken:
        refused = await broken.post(MESSAGES, json=TEXT, headers=headers)
    assert (refused.status_code, refused.json()["type"]) == (503, "unavailable")
    assert refused.headers["retry-after"] == "1"
    assert (await shop.get(accepted.headers["location"])).json()["state"] == "accepted"
    (command,) = await worker.took(1, CommandKind.SEND)
    again = await shop.post(MESSAGES, json=TEXT, headers=headers)
    assert (again.status_code, again.json()["id"]) == (202, command.args["message_id"])


async def test_a_queue_that_fails_leaves_no_instance_behind(services: Services) -> None:
    new = {"id": "shop-1", "settings": {"webhook_url": "http://127.0.0.1:9/x"}}
    async with client_of(replace(services, commands=BrokenQueues())) as broken:
        assert (await broken.post("/v1/instances", json=new)).status_code == 503
        assert (await broken.get("/v1/instances")).json()["data"] == []
        assert (await broken.get("/v1/webhooks")).json()["data"] == []


async def test_every_character_of_a_text_arrives(shop: httpx.AsyncClient, worker: FakeWorker) -> None:
    text = "\x00\x01\x7f\ufffe\uffff\U0010ffff" + "\n" * 60_000
    assert (await shop.post(MESSAGES, json=TEXT | {"text": text})).status_code == 202
    (command,) = await worker.took(1, CommandKind.SEND)
    assert command.args["content"] == {"text": text}


async def test_a_message_that_left_all_the_same_counts_as_accepted(
    shop: httpx.AsyncClient, worker: FakeWorker, services: Services
) -> None:
    class Unsure(BrokenQueues):
        async def send(self, partition: int, command: Command, dedup: str | None = None) -> None:
            await services.commands.send(partition, command, dedup)
            await worker.took(1, CommandKind.SEND)
            await settle(worker, "acme#shop-1", command.args["message_id"])
            raise QueueError("the answer was lost")

    async with client_of(replace(services, commands=Unsure())) as unsure:
        accepted = await unsure.post(MESSAGES, json=TEXT)
    assert accepted.status_code == 202
    assert (await shop.get(accepted.headers["location"])).json()["state"] == "sent"


async def test_prefer_wait_holds_the_answer_until_the_message_is_settled(
    shop: httpx.AsyncClient, worker: FakeWorker
) -> None:
    waiting = asyncio.create_task(shop.post(MESSAGES, json=TEXT, headers={"prefer": "respond-async, wait=20"}))
    (command,) = await worker.took(1, CommandKind.SEND)
    await settle(worker, "acme#shop-1", command.args["message_id"])
    answer = await waiting
    assert (answer.status_code, answer.json()["state"]) == (202, "sent")
    assert answer.headers["preference-applied"] == "wait=20"
    hurried = await shop.post(MESSAGES, json=TEXT, headers={"prefer": "wait=0"})
    assert (hurried.status_code, hurried.json()["state"]) == (202, "accepted")


async def test_only_a_linked_instance_takes_messages(api: httpx.AsyncClient, worker: FakeWorker) -> None:
    await api.post("/v1/instances", json={"id": "shop-1"})
    refused = await api.post(MESSAGES, json=TEXT)
    assert refused.status_code == 409
    assert {"type": "not-paired", "state": "created"}.items() <= refused.json().items()
    await worker.connect("acme", "shop-1", InstanceState.CONNECTING)
    assert (await api.post(MESSAGES, json=TEXT)).status_code == 202


@pytest.mark.parametrize(
    ("to", "kept"),
    [
        ("351912345678@s.whatsapp.net", "351912345678"),
        ("120363041234567890", "120363041234567890@g.us"),
        ("351912345678-1612345678", "351912345678-1612345678@g.us"),
        ("98765432101234@lid", "98765432101234@lid"),
    ],
)
async def test_recipients_are_taken_in_every_usual_form(
    shop: httpx.AsyncClient, worker: FakeWorker, to: str, kept: str
) -> None:
    assert (await shop.post(MESSAGES, json=TEXT | {"to": to})).json()["to"] == kept
    (command,) = await worker.took(1, CommandKind.SEND)
    assert command.args["to"] == kept
