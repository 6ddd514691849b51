"""How many calls of a tenant may wait at once, whichever of the API's processes they wait in."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from functions.api import asking
from functions.api.messages import settling
from functions.api.services import Services
from shared.models.command import Command, CommandKind, CommandResult
from shared.store.waits import MINUTE_S, NoPlace, Waits
from tests.conftest import Deployment
from tests.fakes.clock import FakeClock
from tests.integration.functions.api.conftest import client_of
from tests.integration.functions.api.fake_worker import FakeWorker
from tests.integration.functions.api.test_bad_input import assert_problem
from tests.integration.functions.api.test_messages import settle

SHOP = "/v1/instances/shop-1"


class Noting(Waits):
    """Says when a call has its place."""

    def __init__(self, deployment: Deployment, clock: FakeClock, most: int) -> None:
        super().__init__(deployment.database, clock, most)
        self.began = asyncio.Event()

    @contextlib.asynccontextmanager
    async def place(self, tenant: str) -> AsyncIterator[None]:
        async with super().place(tenant):
            self.began.set()
            yield


class Dying(Waits):
    """Gives nothing back."""

    async def _give_back(self, tenant: str, minute: int) -> None: ...


async def test_who_would_have_to_wait_too_is_told_to_come_again(
    services: Services, deployment: Deployment, worker: FakeWorker
) -> None:
    there = Noting(deployment, FakeClock(), 1)
    here = replace(services, waits=Waits(deployment.database, FakeClock(), 1))
    async with client_of(replace(services, waits=there)) as other, client_of(here) as api:
        for number in (1, 2):
            await api.post("/v1/instances", json={"id": f"shop-{number}"})
        waiting = asyncio.create_task(other.get(f"{SHOP}/events", params={"wait": 20}))
        await there.began.wait()
        for path in (f"{SHOP}/events", f"{SHOP}/qr"):
            refused = await api.get(path, params={"wait": 20}, headers={"if-none-match": "*"})
            assert_problem(refused, 429, "rate-limited")
            assert refused.headers["retry-after"] == "5"
        assert (await api.get(f"{SHOP}/events")).json()["data"] == [], "who does not wait needs no place"
        await worker.event("acme", "shop-2", 1)
        assert (await api.get("/v1/instances/shop-2/events", params={"wait": 20})).json()["next_after"] == 1
        await worker.event("acme", "shop-1", 1)
        assert (await waiting).json()["next_after"] == 1


@pytest.fixture
async def full(
    services: Services, deployment: Deployment, worker: FakeWorker
) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient, Noting]]:
    """Two processes of the API that have one place together, the first of which says when it is taken."""
    there = Noting(deployment, FakeClock(), 1)
    here = replace(services, waits=Waits(deployment.database, FakeClock(), 1))
    async with client_of(replace(services, waits=there)) as one, client_of(here) as other:
        await one.post("/v1/instances", json={"id": "shop-1"})
        await worker.took(1, CommandKind.PAIR)
        await worker.connect("acme", "shop-1")
        yield one, other, there


async def test_a_message_without_a_place_is_answered_as_it_is(
    full: tuple[httpx.AsyncClient, httpx.AsyncClient, Noting], worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "FREE_S", 0.0)
    one, other, there = full
    body, headers = {"to": "351912345678", "type": "text", "text": "Hello"}, {"prefer": "wait=20"}
    waiting = asyncio.create_task(one.post(f"{SHOP}/messages", json=body, headers=headers))
    async with asyncio.timeout(60):
        await there.began.wait()
    answer = await other.post(f"{SHOP}/messages", json=body, headers=headers)
    assert (answer.status_code, answer.json()["state"]) == (202, "accepted")
    assert "preference-applied" not in answer.headers
    assert not waiting.done()
    command = (await worker.took(1, CommandKind.SEND))[0]
    await settle(worker, "acme#shop-1", command.args["message_id"])
    answer = await waiting
    assert (answer.status_code, answer.json()["state"]) == (202, "sent")
    assert answer.headers["preference-applied"] == "wait=20"


async def test_a_number_check_without_a_place_is_not_waited_for_and_goes_on(
    full: tuple[httpx.AsyncClient, httpx.AsyncClient, Noting], worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "FREE_S", 0.0)
    answered = asyncio.Event()

    async def late(command: Command) -> CommandResult:
        await answered.wait()
        return await worker._check(command)

    worker.answers[CommandKind.CHECK_NUMBERS] = late
    one, other, there = full
    waiting = asyncio.create_task(one.post(f"{SHOP}/numbers/check", json={"numbers": ["351912345678"]}))
    async with asyncio.timeout(60):
        await there.began.wait()
    refused = await other.post(f"{SHOP}/numbers/check", json={"numbers": ["351912345679"]})
    assert_problem(refused, 504, "no-answer")
    assert not waiting.done()
    answered.set()
    assert (await waiting).status_code == 200
    await worker.took(2, CommandKind.CHECK_NUMBERS)
    again = await other.post(f"{SHOP}/numbers/check", json={"numbers": ["351912345679"]})
    assert again.json()["results"][0]["cached"] is True


async def test_places_are_counted_exactly_and_those_of_the_dead_come_back(deployment: Deployment) -> None:
    clock = FakeClock()
    dying, living = Dying(deployment.database, clock, 3), Waits(deployment.database, clock, 3)
    async with contextlib.AsyncExitStack() as held:
        places = [held.enter_async_context(dying.place("acme")) for _ in range(8)]
        took = await asyncio.gather(*places, return_exceptions=True)
        assert [type(one) for one in took if one is not None] == [NoPlace] * 5
    with pytest.raises(NoPlace):
        await held.enter_async_context(living.place("acme"))
    await held.enter_async_context(living.place("rival"))
    await held.aclose()
    clock.now += MINUTE_S
    for _ in range(2 * living.most):
        async with living.place("acme"):
            pass
