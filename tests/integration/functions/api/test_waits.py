"""How many calls of a tenant may wait at once, whichever of the API's processes they wait in."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from functions.api.services import Services
from shared.store.waits import MINUTE_S, NoPlace, Waits
from tests.conftest import Deployment
from tests.fakes.clock import FakeClock
from tests.integration.functions.api.conftest import client_of
from tests.integration.functions.api.fake_worker import FakeWorker
from tests.integration.functions.api.test_bad_input import assert_problem

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
