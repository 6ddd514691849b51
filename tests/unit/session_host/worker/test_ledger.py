"""The ledger against a store that loses answers: no gap, no repeat, nothing half, nothing after the fence."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_host.worker.entry import Entry, EventDraft
from session_host.worker.ledger import WORTH_ONE, Fenced, Ledger, Outdated, Unstorable
from session_host.worker.outbox import Outbox
from shared.clock import SystemClock
from shared.models.event import EventType
from shared.models.host import Lease
from shared.models.instance import InstanceKey
from shared.queues.deliveries import DeliveryQueue
from shared.store.database import Database, Put, Write, absent
from shared.store.events import MARK
from tests.fakes import loop
from tests.fakes.transactions import POISON, Deliveries, FlakyStore


def entry(key: InstanceKey, number: int, guard: str | None = None, *, poisoned: bool = False) -> Entry:
    writes = (Put("messages", {"instance": str(key), "id": guard}, absent("id")),) if guard else ()
    data = {"n": POISON if poisoned else number}
    return Entry(key, writes, EventDraft(EventType.MESSAGE_RECEIVED, data, "2026-01-01T00:00:00.000Z"))


async def record_all(store: FlakyStore, entries: list[Entry]) -> tuple[list[BaseException | None], list[str]]:
    queue = Deliveries()
    outbox = Outbox(0, cast(DeliveryQueue, queue))
    ledger = Ledger(cast(Database, store), Lease(0, "host-a", 1, 1), SystemClock(), outbox)
    tasks = [asyncio.create_task(ledger.run()), asyncio.create_task(outbox.run())]
    results = await asyncio.gather(*(ledger.record(one) for one in entries), return_exceptions=True)
    if not ledger.fenced.is_set():
        await ledger.flushed()
        await outbox.flushed()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return results, queue.events


@settings(max_examples=60, deadline=None)
@given(
    plan=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from([None, "a", "b", "c"]), st.sampled_from([False] * 7 + [True])),
        min_size=1,
        max_size=40,
    ),
    chance=st.sampled_from([0.0, 0.3]),
    seed=st.integers(0, 1000),
)
def test_sequences_have_no_gaps_and_only_duplicates_and_the_poisoned_are_refused(
    plan: list[tuple[int, str | None, bool]], chance: float, seed: int
) -> None:
    store = FlakyStore(chance, seed)
    keys = [InstanceKey("acme", f"shop-{number}") for number in range(3)]
    entries = [entry(keys[at], n, guard, poisoned=poisoned) for n, (at, guard, poisoned) in enumerate(plan)]
    results, delivered = asyncio.run(record_all(store, entries))
    recorded = [one for one, result in zip(entries, results, strict=True) if result is None]
    assert all(result is None or isinstance(result, Outdated) for result in results)
    guards = {(instance, guard) for instance, guard, poisoned in plan if guard and not poisoned}
    assert len(recorded) == sum(guard is None and not poisoned for _, guard, poisoned in plan) + len(guards)
    unguarded = [result for (_, guard, poisoned), result in zip(plan, results, strict=True) if poisoned and not guard]
    assert all(isinstance(result, Unstorable) for result in unguarded)
    for key in keys:
        mine = [one for one in recorded if one.key == key]
        assert store.sequences(key) == list(range(1, len(mine) + 1))
    assert len(delivered) == len(recorded)


async def test_a_busy_ledger_needs_few_transactions() -> None:
    store = FlakyStore(0, 0)
    results, _ = await record_all(store, [entry(InstanceKey("acme", "shop"), n) for n in range(300)])
    assert results == [None] * 300
    assert store.transactions <= 5


def test_an_idle_ledger_waits_for_nobody_and_a_busy_one_gathers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("session_host.worker.ledger.PACE_S", 0.5)
    loop.run(_gather())


async def _gather() -> None:
    """On a loop whose time passes by nothing but waiting."""
    clock = asyncio.get_running_loop()

    def time() -> float:
        return round(clock.time(), 3)  # each turn of the loop takes a little

    store, key = FlakyStore(0, 0), InstanceKey("acme", "shop")
    outbox = Outbox(0, cast(DeliveryQueue, Deliveries()))
    ledger = Ledger(cast(Database, store), Lease(0, "host-a", 1, 1), SystemClock(), outbox)
    running = asyncio.create_task(ledger.run())
    await ledger.record(entry(key, 0))
    assert (store.transactions, time()) == (1, 0.0)
    await asyncio.gather(*(ledger.record(entry(key, n)) for n in (1, 2)))
    assert (store.transactions, time()) == (2, 0.5)
    assert store.sequences(key) == [1, 2, 3]
    await asyncio.gather(*(ledger.record(entry(key, n)) for n in range(WORTH_ONE)))
    assert (store.transactions, time()) == (3, 0.5)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_sequences_go_on_after_the_whole_log_expired() -> None:
    store, key = FlakyStore(0, 0), InstanceKey("acme", "shop")
    await record_all(store, [entry(key, n) for n in range(3)])
    store.expire()
    await record_all(store, [entry(key, n) for n in range(2)])
    assert store.sequences(key) == [4, 5]


async def test_whoever_waits_is_told_when_the_ledger_ends() -> None:
    class Silent(FlakyStore):
        async def transact(self, _writes: Sequence[Write], _token: str) -> None:
            asked.set()
            await asyncio.Event().wait()

    asked, key = asyncio.Event(), InstanceKey("acme", "shop")
    outbox = Outbox(0, cast(DeliveryQueue, Deliveries()))
    ledger = Ledger(cast(Database, Silent(0, 0)), Lease(0, "host-a", 1, 1), SystemClock(), outbox)
    running = asyncio.create_task(ledger.run())
    under_way = asyncio.create_task(ledger.record(entry(key, 0)))
    await asked.wait()
    behind = asyncio.create_task(ledger.record(entry(key, 1)))
    await asyncio.sleep(0)
    running.cancel()
    results = await asyncio.gather(under_way, behind, return_exceptions=True)
    assert [type(result) for result in results] == [Fenced] * 2
    with pytest.raises(Fenced):
        await ledger.record(entry(key, 2))


async def test_an_entry_that_cannot_be_stored_is_logged_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    key = InstanceKey("acme", "shop")
    entries = [entry(key, 0), entry(key, 1, poisoned=True), entry(key, 2)]
    results, delivered = await record_all(FlakyStore(0, 0), entries)
    assert [type(result) for result in results] == [type(None), Unstorable, type(None)]
    assert len(delivered) == 2
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert "acme#shop" in line
    assert EventType.MESSAGE_RECEIVED in line
    assert POISON not in line


@pytest.mark.parametrize("odd", [b"\xff", object(), {1, 2}])
async def test_what_cannot_be_encoded_ends_nothing_but_itself(odd: object, caplog: pytest.LogCaptureFixture) -> None:
    key = InstanceKey("acme", "shop")
    draft = EventDraft(EventType.MESSAGE_RECEIVED, {"text": odd}, "2026-01-01T00:00:00.000Z")
    store = FlakyStore(0, 0)
    results, delivered = await record_all(store, [entry(key, 0), Entry(key, (), draft), entry(key, 2)])
    assert [type(result) for result in results] == [type(None), Unstorable, type(None)]
    assert store.sequences(key) == [1, 2]
    assert len(delivered) == 2
    assert str(odd) not in caplog.text


async def test_nothing_is_written_once_another_host_took_over() -> None:
    store = FlakyStore(0, 0)
    store.epoch = 2
    results, delivered = await record_all(store, [entry(InstanceKey("acme", "shop"), n) for n in range(3)])
    assert [type(result) for result in results] == [Fenced] * 3
    assert store.items == {}
    assert delivered == []


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store breaks often here; waiting for it would only take time."""
    monkeypatch.setattr("session_host.worker.patience.PAUSES_S", (0.0,))


async def test_what_events_add_up_to_is_written_with_them_and_goes_on_under_the_next_owner() -> None:
    store, key = FlakyStore(0.3, 7), InstanceKey("acme", "shop-1")
    await record_all(store, [entry(key, number) for number in range(5)])
    await record_all(store, [entry(key, number) for number in range(3)])
    marks = [values for values in store.items.values() if values.get("sequence") == MARK]
    assert [(mark["last"], mark["received"], mark["sent"]) for mark in marks] == [(8, 8, 0)]
