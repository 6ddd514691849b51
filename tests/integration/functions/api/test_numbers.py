"""Number checks as callers see them: what is answered, what of it reaches the session host, and what is refused."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from functions.api.services import Services
from shared.models.api_key import ApiKey
from shared.models.command import Command, CommandKind, CommandResult
from shared.models.instance import InstanceState
from shared.store.cache import Cache, CacheKind
from shared.store.cache_numbers import CheckBudget
from tests.conftest import Deployment
from tests.integration.functions.api.conftest import client_of
from tests.integration.functions.api.fake_worker import FakeWorker

CHECK = "/v1/instances/shop-1/numbers/check"
SEND = "/v1/instances/shop-1/messages"
ANNA, NOBODY = "351912345678", "351912345679"
BRAZILIAN, OLD_FORM = "+5511987654321", "551187654321"


@pytest.fixture
async def shop(api: httpx.AsyncClient, worker: FakeWorker) -> FakeWorker:
    """The session host of acme's shop-1, which is connected."""
    await api.post("/v1/instances", json={"id": "shop-1"})
    await worker.took(1, CommandKind.PAIR)
    await worker.connect("acme", "shop-1")
    worker.registered |= {ANNA, OLD_FORM}
    return worker


async def check(api: httpx.AsyncClient, *numbers: str) -> list[tuple[str, bool, str | None, bool]]:
    answer = await api.post(CHECK, json={"numbers": list(numbers)})
    assert answer.status_code == 200, answer.text
    return [(one["number"], one["exists"], one["jid"], one["cached"]) for one in answer.json()["results"]]


async def asked(worker: FakeWorker, count: int) -> list[Any]:
    """What the session host was asked, once that was `count` commands; it notes them after it has answered."""
    return [command.args["numbers"] for command in await worker.took(count, CommandKind.CHECK_NUMBERS)]


async def test_answers_come_in_order_and_only_what_is_missing_is_asked_in_one_command(
    api: httpx.AsyncClient, shop: FakeWorker
) -> None:
    jid, brazilian = f"{ANNA}@s.whatsapp.net", f"{OLD_FORM}@s.whatsapp.net"
    assert await check(api, f"+{ANNA}") == [(f"+{ANNA}", True, jid, False)]
    assert await check(api, BRAZILIAN, ANNA, NOBODY, "+351 912 345 678", OLD_FORM) == [
        (BRAZILIAN, True, brazilian, False),
        (ANNA, True, jid, True),
        (NOBODY, False, None, False),
        ("+351 912 345 678", True, jid, True),
        (OLD_FORM, True, brazilian, False),
    ]
    assert await asked(shop, 2) == [[[ANNA]], [["5511987654321", OLD_FORM], [NOBODY]]]
    assert all(cached for *_, cached in await check(api, NOBODY, OLD_FORM, ANNA))
    assert len(await asked(shop, 2)) == 2


async def test_what_is_known_is_each_tenants_own(
    api: httpx.AsyncClient, rival: httpx.AsyncClient, shop: FakeWorker
) -> None:
    await check(api, ANNA)
    await rival.post("/v1/instances", json={"id": "shop-1"})
    await shop.connect("rival", "shop-1")
    assert (await check(rival, ANNA))[0][3] is False


async def test_calls_at_once_for_the_same_number_ask_once(api: httpx.AsyncClient, shop: FakeWorker) -> None:
    answers = await asyncio.gather(*(check(api, ANNA, f"35191234000{n}") for n in range(5)), check(api, ANNA))
    assert {answer[0][1:3] for answer in answers} == {(True, f"{ANNA}@s.whatsapp.net")}
    assert sum(numbers.count([ANNA]) for numbers in await asked(shop, 5)) == 1


async def test_a_failed_question_is_the_answer_of_those_who_asked_it_alone(
    api: httpx.AsyncClient, shop: FakeWorker
) -> None:
    async def fails_with_nobody(command: Command) -> CommandResult | None:
        if [NOBODY] in command.args["numbers"]:
            return CommandResult(False, code="timeout", detail="WhatsApp's answer did not come")
        return await shop._check(command)

    shop.answers[CommandKind.CHECK_NUMBERS] = fails_with_nobody
    failed, answered = await asyncio.gather(api.post(CHECK, json={"numbers": [ANNA, NOBODY]}), check(api, ANNA))
    assert (failed.status_code, failed.json()["type"], failed.json()["code"]) == (502, "command-failed", "timeout")
    assert answered[0][1] is True


async def test_what_is_no_number_is_pointed_at_and_nothing_is_asked(api: httpx.AsyncClient, shop: FakeWorker) -> None:
    for wrong in ("123", "+999123456789", "me", ""):
        answer = await api.post(CHECK, json={"numbers": [ANNA, ANNA, ANNA, wrong]})
        assert (answer.status_code, answer.json()["type"]) == (422, "invalid-request")
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/numbers/3"]
    for numbers in ([], [ANNA] * 101, ANNA, None):
        answer = await api.post(CHECK, json={"numbers": numbers})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/numbers")
    assert len(await check(api, *[ANNA] * 100)) == 100
    assert await asked(shop, 1) == [[[ANNA]]]


async def test_without_a_connection_what_is_known_is_answered_and_the_rest_refused(
    api: httpx.AsyncClient, shop: FakeWorker
) -> None:
    await check(api, ANNA)
    await shop.connect("acme", "shop-1", InstanceState.CONNECTING)
    assert (await check(api, ANNA))[0][3] is True
    answer = await api.post(CHECK, json={"numbers": [ANNA, NOBODY]})
    assert (answer.status_code, answer.json()["type"]) == (409, "not-connected")
    assert answer.json()["state"] == "connecting"
    await api.post("/v1/instances", json={"id": "shop-2"})
    answer = await api.post("/v1/instances/shop-2/numbers/check", json={"numbers": [NOBODY]})
    assert (answer.status_code, answer.json()["type"]) == (409, "not-paired")
    assert len(await asked(shop, 1)) == 1


async def test_a_connection_that_is_just_lost_is_told_like_one_that_was(
    api: httpx.AsyncClient, shop: FakeWorker
) -> None:
    async def lost(command: Command) -> CommandResult:
        await shop.connect("acme", "shop-1", InstanceState.CONNECTING)
        return CommandResult(False, code="not_connected", detail="the instance is connecting")

    shop.answers[CommandKind.CHECK_NUMBERS] = lost
    answer = await api.post(CHECK, json={"numbers": [ANNA]})
    assert (answer.status_code, answer.json()["type"], answer.json()["state"]) == (409, "not-connected", "connecting")


class Stopped:
    """A clock ten seconds before the end of a minute."""

    def unix(self) -> float:
        return 4_000_000_010.0

    def monotonic(self) -> float:
        return 0.0


async def test_no_more_than_so_many_reach_whatsapp_in_a_minute_whichever_process_is_asked(
    services: Services, deployment: Deployment, shop: FakeWorker
) -> None:
    clock = Stopped()
    first, second = (client_of(replace(services, checks=CheckBudget(deployment.database, clock, 5))) for _ in range(2))
    async with first, second:
        answer = await first.post(CHECK, json={"numbers": [f"35191234200{n}" for n in range(6)]})
        assert (answer.status_code, answer.json()["type"]) == (422, "invalid-request")
        assert (answer.json()["errors"][0]["pointer"], "retry-after" in answer.headers) == ("/numbers", False)
        await check(first, *(f"35191234000{n}" for n in range(4)))
        answer = await second.post(CHECK, json={"numbers": ["351912341001", "351912340001", "351912341002"]})
        assert (answer.status_code, answer.json()["type"]) == (429, "too-many-checks")
        assert (answer.headers["retry-after"], answer.json()["limit"]) == ("10", 5)
        assert len(await asked(shop, 1)) == 1, "nothing is half asked"
        assert (await check(second, "351912340001"))[0][3] is True, "what is known costs nothing"
        await check(second, "351912341001")
        assert (await first.post(CHECK, json={"numbers": ["351912341003"]})).status_code == 429


async def test_a_budget_is_exact_however_many_take_from_it(deployment: Deployment) -> None:
    budgets = [CheckBudget(deployment.database, Stopped(), 30) for _ in range(4)]
    taken = await asyncio.gather(*(budgets[n % 4].take("acme#shop-1", 3) for n in range(20)))
    assert (taken.count(None), taken.count(10)) == (10, 10)
    assert await budgets[0].take("acme#shop-2", 30) is None
    with pytest.raises(ValueError, match="31"):
        await budgets[0].take("acme#shop-3", 31)


async def test_a_message_is_validated_and_goes_to_whatsapps_own_name(api: httpx.AsyncClient, shop: FakeWorker) -> None:
    body = {"to": BRAZILIAN, "type": "text", "text": "hi", "validate": True}
    sent = await api.post(SEND, json=body)
    assert (sent.status_code, sent.json()["to"]) == (202, OLD_FORM)
    (command,) = await shop.took(1, CommandKind.SEND)
    assert command.args["to"] == OLD_FORM
    refused = await api.post(SEND, json=body | {"to": NOBODY})
    assert (refused.status_code, refused.json()["type"]) == (422, "number-not-on-whatsapp")
    assert refused.json()["errors"][0]["pointer"] == "/to"
    refused = await api.post(SEND, json=body | {"to": "999912345678"})
    assert (refused.status_code, refused.json()["type"]) == (422, "invalid-request")
    group = await api.post(SEND, json=body | {"to": "120363000000000000@g.us"})
    assert group.status_code == 202
    assert len(await asked(shop, 2)) == 2
    await shop.took(2, CommandKind.SEND)


async def test_a_used_up_message_quota_spends_no_number_checks(
    api: httpx.AsyncClient, services: Services, shop: FakeWorker
) -> None:
    await services.keys.save("hwp_one", ApiKey("key_one", "acme", messages_per_day=1))
    body = {"to": ANNA, "type": "text", "text": "hi", "validate": True}
    key = {"idempotency-key": "order-1"}
    async with client_of(services, "hwp_one") as one:
        first = await one.post(SEND, json=body, headers=key)
        refused = await one.post(SEND, json=body | {"to": BRAZILIAN})
        assert (refused.status_code, refused.json()["type"]) == (429, "message-quota-exceeded")
        again = await one.post(SEND, json=body, headers=key)
        assert (again.status_code, again.json()) == (202, first.json())
    assert len(await asked(shop, 1)) == 1


async def test_a_repeated_call_gets_its_message_whatever_became_of_the_number(
    api: httpx.AsyncClient, services: Services, shop: FakeWorker
) -> None:
    body = {"to": ANNA, "type": "text", "text": "hi", "validate": True}
    key = {"idempotency-key": "order-1"}
    first = await api.post(SEND, json=body, headers=key)
    shop.registered.clear()
    assert await services.cache.clear([CacheKind.NUMBERS], "acme") == 1
    again = await api.post(SEND, json=body, headers=key)
    assert (again.status_code, again.json()) == (202, first.json())
    assert (await api.post(SEND, json=body)).status_code == 422


async def test_hits_and_misses_are_counted_where_all_processes_see_them(
    api: httpx.AsyncClient, services: Services, deployment: Deployment, shop: FakeWorker
) -> None:
    await check(api, ANNA, NOBODY)
    await check(api, ANNA, BRAZILIAN)
    await services.cache.flush(now=True)
    figures = (await Cache(deployment.database, services.clock).counted())["numbers"]
    assert (figures["hits"], figures["misses"]) == (1, 3)
