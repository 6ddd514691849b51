"""The outbox: what a stored outbox names, what a successor puts on the queue again, what the queue does not take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

import pytest

from session_host.worker.outbox import NEVER_TOO_LARGE, Outbox
from shared.models.event import Event, EventType
from shared.models.instance import InstanceKey
from shared.queues.deliveries import DeliveryQueue, DeliveryTask
from shared.queues.queue import MessageTooLarge, QueueError
from shared.store.database import StoreUnavailable
from shared.store.events import Events, Logged, sequence_of

A, B = InstanceKey("acme", "a"), InstanceKey("acme", "b")


class Deliveries:
    """A queue that is open or not, and takes bodies up to a size."""

    def __init__(self) -> None:
        self.tasks: list[DeliveryTask] = []
        self.open = asyncio.Event()
        self.open.set()
        self.failures: list[QueueError] = []

    async def put(self, tasks: Sequence[DeliveryTask]) -> None:
        await self.open.wait()
        if self.failures:
            raise self.failures.pop()
        if any(len(task.event) > NEVER_TOO_LARGE for task in tasks):
            raise MessageTooLarge("too large")
        self.tasks += tasks

    def sequences(self) -> list[int]:
        return [sequence_of(task.event) for task in self.tasks]


class Log:
    """An event log that does not answer at once."""

    def __init__(self, bodies: dict[str, list[str]], failures: int = 0) -> None:
        self._bodies = bodies
        self._failures = failures

    async def logged_after(self, instance: str, sequence: int, limit: int) -> list[Logged]:
        if self._failures:
            self._failures -= 1
            raise StoreUnavailable("away")
        return [Logged(body) for body in self._bodies[instance] if sequence_of(body) > sequence][:limit]


def event(key: InstanceKey, sequence: int, text: str = "hi") -> Event:
    return Event(f"evt_{key.id}{sequence}", EventType.MESSAGE_RECEIVED, "2026-01-01", {"t": text}, key.id, sequence)


def log_of(*logged: tuple[InstanceKey, int], failures: int = 0) -> Events:
    bodies: dict[str, list[str]] = {}
    for key, sequence in logged:
        bodies.setdefault(str(key), []).append(event(key, sequence).body())
    return cast(Events, Log(bodies, failures))


def open_outbox(queue: Deliveries, left: dict[str, int] | None = None) -> Outbox:
    return Outbox(0, cast(DeliveryQueue, queue), left)


@asynccontextmanager
async def running(outbox: Outbox) -> AsyncIterator[None]:
    task = asyncio.create_task(outbox.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def stored(outbox: Outbox, *fresh: tuple[InstanceKey, int]) -> dict[str, int]:
    put = outbox.put_with([(key, event(key, sequence)) for key, sequence in fresh])
    return dict(put.values["pending"])


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is gained by waiting for the fakes."""
    monkeypatch.setattr("session_host.worker.patience.PAUSES_S", (0.0,))
    monkeypatch.setattr("session_host.worker.outbox.RETRY_S", (0.0,))


async def test_the_stored_outbox_names_the_first_sequence_that_waits() -> None:
    queue = Deliveries()
    queue.open.clear()
    outbox = open_outbox(queue)
    async with running(outbox):
        outbox.add([(A, event(A, number)) for number in range(3, 103)])
        assert stored(outbox, (A, 103), (B, 1)) == {str(A): 3, str(B): 1}
        queue.open.set()
        await outbox.flushed()
        assert queue.sequences() == list(range(3, 103))
        assert stored(outbox, (A, 103)) == {str(A): 103}


async def test_the_stored_outbox_follows_what_is_on_the_queue() -> None:
    seen: list[dict[str, int]] = []

    class Watched(Deliveries):
        async def put(self, tasks: Sequence[DeliveryTask]) -> None:
            seen.append(stored(outbox))

    outbox = open_outbox(Watched())
    async with running(outbox):
        outbox.add([(A, event(A, number)) for number in range(1, 61)])
        outbox.add([(B, event(B, 1))])
        await outbox.flushed()
    assert seen == [{str(A): 1, str(B): 1}, {str(A): 51, str(B): 1}]


async def test_what_a_former_owner_left_stays_stored_until_it_is_on_the_queue() -> None:
    queue = Deliveries()
    queue.open.clear()
    outbox = open_outbox(queue, {str(A): 4})
    flushed = asyncio.create_task(outbox.flushed())
    assert stored(outbox, (A, 6), (B, 1)) == {str(A): 4, str(B): 1}
    recovering = asyncio.create_task(outbox.recover(log_of((A, 3), (A, 4), (A, 5))))
    await asyncio.sleep(0)
    assert stored(outbox, (A, 6)) == {str(A): 4}
    assert not flushed.done()
    queue.open.set()
    assert await recovering == 2
    await flushed
    assert [(sequence_of(task.event), task.again) for task in queue.tasks] == [(4, True), (5, True)]
    assert stored(outbox, (A, 6)) == {str(A): 6}


async def test_recovery_waits_for_the_store_and_leaves_out_what_this_owner_logged() -> None:
    queue = Deliveries()
    outbox = open_outbox(queue, {str(A): 1})
    stored(outbox, (A, 151))
    numbers = [(A, number) for number in range(1, 153)]
    assert await outbox.recover(log_of(*numbers, failures=3)) == 150
    assert queue.sequences() == list(range(1, 151))


async def test_an_event_that_is_too_large_does_not_hold_up_the_others(caplog: pytest.LogCaptureFixture) -> None:
    queue = Deliveries()
    outbox = open_outbox(queue)
    async with running(outbox):
        large = event(A, 2, "secret" * NEVER_TOO_LARGE)
        outbox.add([(A, event(A, 1)), (A, large), (A, event(A, 3))])
        await outbox.flushed()
    assert queue.sequences() == [1, 3]
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert "evt_a2" in line
    assert "secret" not in line


async def test_an_error_about_size_is_not_believed_of_small_events() -> None:
    queue = Deliveries()
    queue.failures = [MessageTooLarge("Rate exceeded"), QueueError("away")]
    outbox = open_outbox(queue)
    async with running(outbox):
        outbox.add([(A, event(A, 1))])
        await outbox.flushed()
    assert queue.sequences() == [1]


async def test_what_may_be_on_the_queue_already_is_marked_for_the_sender_to_look() -> None:
    queue = Deliveries()
    queue.failures = [QueueError("the answer got lost")]
    outbox = open_outbox(queue)
    async with running(outbox):
        outbox.add([(A, event(A, 1))])
        await outbox.flushed()
        outbox.add([(A, event(A, 2))])
        await outbox.flushed()
    assert [(sequence_of(task.event), task.again) for task in queue.tasks] == [(1, True), (2, False)]
