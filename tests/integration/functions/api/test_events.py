"""The event log over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

import httpx
import pytest

from functions.api.services import Services
from shared.clock import iso
from shared.ids import id_of
from shared.models.event import Event, EventType
from shared.models.instance import InstanceKey
from shared.models.mark import Mark
from shared.store.events import event_put, mark_put
from shared.store.sifting import QUERIES
from tests.integration.functions.api.fake_worker import FakeWorker
from tests.integration.functions.api.test_bad_input import assert_problem

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


BEGAN = 1_800_000_000.0


async def logged(services: Services, *kinds: EventType, late: Collection[int] = ()) -> list[Event]:
    """Events of these types, noted a minute apart, with the mark that their writer leaves. Those of `late` happened
    hours before."""
    key = InstanceKey("acme", "shop-1")
    events = []
    for number, kind in enumerate(kinds, 1):
        noted = BEGAN + 60 * number
        happened = noted - 36_000 if number in late else noted
        events.append(Event(id_of("evt", noted, b"%10d" % number), kind, iso(happened), {"n": number}, key.id, number))
    database = services.events._db
    for event in events:
        await database.write(event_put(key, event, BEGAN))
    await database.write(mark_put(key, Mark(len(events))))
    return events


async def numbers(api: httpx.AsyncClient, **params: Any) -> tuple[list[int], int]:
    """The sequences of a page, and where the next one begins."""
    answer = await api.get(EVENTS, params=params)
    assert answer.status_code == 200, answer.text
    return [event["sequence"] for event in answer.json()["data"]], answer.json()["next_after"]


async def test_only_the_types_that_are_asked_for(api: httpx.AsyncClient, services: Services) -> None:
    await api.post("/v1/instances", json={"id": "shop-1"})
    assert await numbers(api, types="message.*") == ([], 0)
    wrong = [
        ({"types": "message.nope"}, "?types"),
        ({"types": ""}, "?types"),
        ({"types": "message.*,"}, "?types"),
        ({"since": "yesterday"}, "?since"),
        ({"since": "2026-01-31T12:00:00"}, "?since"),
        ({"until": ""}, "?until"),
        ({"since": "2026-01-31T12:00:00Z", "until": "2026-01-31T11:00:00Z"}, "?until"),
    ]
    for params, pointer in wrong:
        assert_problem(await api.get(EVENTS, params=params), 422, "invalid-request", pointer)
    await logged(services, *[EventType.MESSAGE_RECEIVED, EventType.MESSAGE_SENT, EventType.CALL_OFFERED] * 2)
    assert await numbers(api, types="message.*") == ([1, 2, 4, 5], 6)
    assert await numbers(api, types="call.offered,message.sent") == ([2, 3, 5, 6], 6)
    assert await numbers(api, types="*.sent", limit=1) == ([2], 2)
    assert await numbers(api, types="*.sent", limit=1, after=2) == ([5], 6)
    assert await numbers(api, types="*.sent", after=5) == ([], 6)
    assert await numbers(api, types="poll.*") == ([], 6), "it moves on though there is nothing for it"
    assert await numbers(api, types="*", after=4) == ([5, 6], 6)


async def test_only_the_times_that_are_asked_for(
    api: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.post("/v1/instances", json={"id": "shop-1"})
    events = await logged(services, *[EventType.MESSAGE_RECEIVED, EventType.MESSAGE_SENT] * 50)
    at = [event.timestamp for event in events]
    assert await numbers(api, since=at[95]) == ([96, 97, 98, 99, 100], 100)
    assert await numbers(api, until=at[2]) == ([1, 2, 3], 3)
    assert await numbers(api, since=at[40], until=at[42]) == ([41, 42, 43], 43)
    assert await numbers(api, since=at[40], until=at[44], types="message.sent") == ([42, 44], 45)
    assert await numbers(api, since=at[40], until=at[44], limit=3) == ([41, 42, 43], 43)
    assert await numbers(api, since=at[40], until=at[44], after=43) == ([44, 45], 45)
    assert await numbers(api, since=at[40], until=at[44], after=45) == ([], 45)
    assert await numbers(api, since="2000-01-01T00:00:00Z", limit=2) == ([1, 2], 2)
    assert await numbers(api, since="2050-01-01T00:00:00Z") == ([], 100)
    assert await numbers(api, until="2000-01-01T00:00:00Z", wait=20) == ([], 0), "nothing will come of waiting"
    monkeypatch.setattr("shared.store.sifting.LOOKED_AT", 4)
    assert await numbers(api, types="call.*", wait=20) == ([], 4 * QUERIES), "it does not wait: there is more"
    assert await numbers(api, types="call.*", after=96) == ([], 100)


async def test_what_happened_long_before_it_was_noted_hides_nothing(api: httpx.AsyncClient, services: Services) -> None:
    await api.post("/v1/instances", json={"id": "shop-1"})
    late = {4, 6, 7, *range(20, 60), 99}  # as receipts are of phones that were offline
    events = await logged(services, *[EventType.MESSAGE_SENT, EventType.MESSAGE_DELIVERED] * 50, late=late)
    assert events[98].timestamp < events[0].timestamp
    for begins, ends in [(2, 5), (4, 4), (20, 61), (30, 99), (97, 100)]:
        since, until = iso(BEGAN + 60 * begins), iso(BEGAN + 60 * ends)
        assert await numbers(api, since=since, until=until) == (list(range(begins, ends + 1)), ends)
        assert (await numbers(api, since=since))[0] == list(range(begins, 101))
        assert (await numbers(api, until=until))[0] == list(range(1, ends + 1))


async def test_a_long_poll_with_filters_waits_for_what_matches(
    api: httpx.AsyncClient, services: Services, worker: FakeWorker
) -> None:
    await api.post("/v1/instances", json={"id": "shop-1"})
    waiting = asyncio.create_task(numbers(api, types="instance.qr", wait=20))
    await asyncio.sleep(0)
    for number in (1, 2):
        await worker.event("acme", "shop-1", number)
    done, _ = await asyncio.wait([waiting], timeout=0.5)
    assert not done, "messages do not wake it"
    await worker.shows_code("acme", "shop-1", 3)
    assert await waiting == ([3], 3)
