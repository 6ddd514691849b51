"""The event log over HTTP."""

from __future__ import annotations

import asyncio

import httpx

from functions.api.services import Services
from tests.integration.functions.api.fake_worker import FakeWorker

EVENTS = "/v1/instances/shop-1/events"


async def test_events_come_in_order_and_page_by_sequence(api: httpx.AsyncClient, worker: FakeWorker) -> None:
    await api.post("/v1/instances", json={"id": "shop-1"})
    empty = (await api.get(EVENTS)).json()
    assert empty == {"data": [], "next_after": 0}
    logged = [await worker.event("acme", "shop-1", number) for number in (1, 2, 3)]
    first = (await api.get(EVENTS, params={"limit": 2})).json()
    assert [event["id"] for event in first["data"]] == [event.id for event in logged[:2]]
    assert first["data"][0].keys() == {"id", "type", "sequence", "instance", "timestamp", "data"}
    rest = (await api.get(EVENTS, params={"after": first["next_after"]})).json()
    assert [event["sequence"] for event in rest["data"]] == [3]
    assert (await api.get(EVENTS, params={"after": 3})).json() == {"data": [], "next_after": 3}


async def test_a_long_poll_answers_when_something_happens(api: httpx.AsyncClient, worker: FakeWorker) -> None:
    await api.post("/v1/instances", json={"id": "shop-1"})
    waiting = asyncio.create_task(api.get(EVENTS, params={"wait": 20}))
    await asyncio.sleep(0)
    event = await worker.event("acme", "shop-1", 1)
    answer = await waiting
    assert [one["id"] for one in answer.json()["data"]] == [event.id]


async def test_long_polls_end_when_the_process_stops(api: httpx.AsyncClient, services: Services) -> None:
    await api.post("/v1/instances", json={"id": "shop-1"})
    async with asyncio.timeout(10):
        waiting = asyncio.create_task(api.get(EVENTS, params={"wait": 20}))
        await asyncio.sleep(0)
        services.stopping.set()
        assert (await waiting).json() == {"data": [], "next_after": 0}
