"""Records and tasks that share calls."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from functions.webhook_sender.batch import process_batch
from functions.webhook_sender.coalesced import MAX_GROUP, CoalescedDeliveries, CoalescedTasks
from shared.models.webhook import Delivery, delivery_id
from shared.queues.deliveries import DeliveryTask, decode
from shared.queues.queue import MAX_BATCH, Outgoing, Queue, QueueError
from shared.store import conflicts
from shared.store.database import StoreUnavailable
from shared.store.deliveries import Deliveries
from tests.fakes.deliveries import DELIVERED
from tests.fakes.webhooks import a_record, a_task, a_webhook, an_event, fakes


class Store:
    """Takes groups, each as long as `open` is not set; `failure` is raised by the first. Those of `left` are not taken
    so often."""

    def __init__(self, failure: Exception | None = None, left: dict[str, int] | None = None) -> None:
        self.groups: list[list[str]] = []
        self.guarded: list[str] = []
        self.left = left or {}
        self.open = asyncio.Event()
        self._failure = failure

    async def save_many(self, deliveries: Sequence[Delivery], now: float) -> list[Delivery]:
        self.groups.append([one.id for one in deliveries])
        await self.open.wait()
        failure, self._failure = self._failure, None
        if failure:
            raise failure
        return [one for one in deliveries if self._is_left(one.id)]

    def _is_left(self, name: str) -> bool:
        self.left[name] = self.left.get(name, 0) - 1
        return self.left[name] >= 0

    async def begin(self, deliveries: Sequence[Delivery], now: float) -> None:
        self.groups.append([one.id for one in deliveries])
        await self.open.wait()

    async def save(self, delivery: Delivery, now: float, *, keep_delivered: bool) -> None:
        self.guarded.append(delivery.id)


def grouped(store: Store) -> CoalescedDeliveries:
    return CoalescedDeliveries(cast(Deliveries, store))


def a_delivery(number: int) -> Delivery:
    return replace(DELIVERED, id=f"dlv_{number}_a")


async def results(store: Store, deliveries: Sequence[Delivery]) -> list[Any]:
    records = grouped(store)
    saving = asyncio.gather(*(records.save(one, 0) for one in deliveries[:1]), return_exceptions=True)
    await asyncio.sleep(0.01)
    rest = asyncio.gather(*(records.save(one, 0) for one in deliveries[1:]), return_exceptions=True)
    await asyncio.sleep(0.01)
    store.open.set()
    return [*await saving, *await rest]


async def test_beginnings_go_together_too() -> None:
    store = Store()
    records = grouped(store)
    begun = asyncio.gather(*(records.begin(a_delivery(number), 0) for number in (1, 1, 2, 3)))
    store.open.set()
    await begun
    assert store.groups == [["dlv_1_a", "dlv_2_a", "dlv_3_a"], ["dlv_1_a"]], "an item once in each"


async def test_one_goes_at_once_and_those_that_come_meanwhile_go_together() -> None:
    store = Store()
    assert await results(store, [a_delivery(n) for n in range(4)]) == [None] * 4
    assert store.groups == [["dlv_0_a"], ["dlv_1_a", "dlv_2_a", "dlv_3_a"]]


async def test_a_group_is_not_larger_than_the_store_takes() -> None:
    store = Store()
    await results(store, [a_delivery(n) for n in range(MAX_GROUP + 3)])
    assert [len(group) for group in store.groups] == [1, MAX_GROUP, 2]


async def test_the_same_delivery_is_not_twice_in_a_group() -> None:
    store = Store()
    await results(store, [a_delivery(0), a_delivery(1), a_delivery(1), a_delivery(2)])
    assert store.groups == [["dlv_0_a"], ["dlv_1_a", "dlv_2_a"], ["dlv_1_a"]]


@pytest.mark.parametrize("failure", [StoreUnavailable("away"), RuntimeError("a bug")])
async def test_a_failure_is_heard_by_those_whose_write_it_was(failure: Exception) -> None:
    assert await results(Store(failure), [a_delivery(n) for n in range(3)]) == [failure, None, None]


async def test_what_the_store_has_left_is_sent_again_and_holds_up_nobody() -> None:
    store = Store(left={"dlv_1_a": 2})
    store.open.set()
    records = grouped(store)
    others = [records.save(a_delivery(n), 0) for n in (0, 2, 3)]
    throttled = asyncio.create_task(records.save(a_delivery(1), 0))
    await asyncio.gather(*others)
    assert not throttled.done()
    await throttled
    assert [len(group) for group in store.groups] == [4, 1, 1]


async def test_what_the_store_never_takes_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conflicts, "MOST_TRIES", 3)
    store = Store(left={"dlv_2_a": 99})
    first, other, throttled = await results(store, [a_delivery(n) for n in range(3)])
    assert (first, other, type(throttled)) == (None, None, StoreUnavailable)
    assert [len(group) for group in store.groups] == [1, 2, 1, 1]


async def test_a_throttled_record_of_a_success_is_no_second_delivery() -> None:
    store = Store(left={delivery_id("evt_3", "wh_a"): 1})
    store.open.set()
    made = fakes(a_webhook(), records=grouped(store))
    failures = await process_batch([a_record(a_task(an_event(n)), message_id=str(n)) for n in range(10)], made.services)
    assert failures == {"batchItemFailures": []}
    assert len(made.poster.calls) == 10


async def test_a_guarded_write_goes_alone() -> None:
    store = Store()
    await grouped(store).save(DELIVERED, 0, keep_delivered=True)
    assert (store.guarded, store.groups) == (["dlv_1_a"], [])


async def test_who_no_longer_waits_disturbs_nobody() -> None:
    store = Store()
    records = grouped(store)
    gone = asyncio.create_task(records.save(a_delivery(0), 0))
    staying = asyncio.create_task(records.save(a_delivery(1), 0))
    await asyncio.sleep(0.01)
    gone.cancel()
    store.open.set()
    await staying
    await records.save(a_delivery(2), 0)
    assert [one for group in store.groups for one in group] == ["dlv_0_a", "dlv_1_a", "dlv_2_a"]


class Sqs:
    """Takes messages, each call as long as `open` is not set; those of `refused` events it does not take."""

    def __init__(self, refused: Sequence[str] = (), failure: QueueError | None = None) -> None:
        self.calls: list[list[tuple[str, int, str | None]]] = []
        self.open = asyncio.Event()
        self._refused = refused
        self._failure = failure

    async def send_many(self, messages: Sequence[Outgoing]) -> list[Outgoing]:
        self.calls.append([(decode(one.body).event, one.delay_s, one.group) for one in messages])
        await self.open.wait()
        if self._failure:
            raise self._failure
        return [one for one in messages if decode(one.body).event in self._refused]


async def put(sqs: Sqs, *delays: int) -> list[Any]:
    tasks = CoalescedTasks(cast(Queue, sqs))
    putting = [
        asyncio.create_task(tasks.put([DeliveryTask("acme", str(at))], delay_s)) for at, delay_s in enumerate(delays)
    ]
    await asyncio.sleep(0.01)
    sqs.open.set()
    return [str(result) if result else None for result in await asyncio.gather(*putting, return_exceptions=True)]


async def test_tasks_of_one_moment_share_calls_and_keep_their_delays() -> None:
    sqs = Sqs()
    assert await put(sqs, *range(MAX_BATCH + 2)) == [None] * (MAX_BATCH + 2)
    assert [entry for call in sqs.calls for entry in call] == [(str(n), n, "acme") for n in range(MAX_BATCH + 2)]
    assert [len(call) for call in sqs.calls] in ([MAX_BATCH, 2], [1, MAX_BATCH, 1])


async def test_a_task_that_is_not_taken_is_nobody_elses_failure() -> None:
    assert await put(Sqs(refused=["1"]), 0, 0, 0) == [None, "a delivery was not taken", None]


async def test_where_the_queue_is_away_all_of_a_call_hear_of_it() -> None:
    assert await put(Sqs(failure=QueueError("away")), 0, 0) == ["away", "away"]
