"""The event source loop between a queue and a handler of which every move is known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from local.webhooks import source as source_module
from local.webhooks.source import EventSource
from shared.queues.queue import QueueError, Received

PLACES = 25


class FakeQueue:
    """Gives out what is put in; an exception in line is raised instead."""

    def __init__(self) -> None:
        self.coming: asyncio.Queue[list[Received] | Exception] = asyncio.Queue()
        self.deleted: list[str] = []
        self.given_back: list[str] = []
        self.asked: list[int] = []
        self.asking = 0

    async def receive(self, most: int, wait_s: int, visibility_s: int | None) -> list[Received]:
        self.asked.append(most)
        self.asking += 1
        try:
            came = await asyncio.wait_for(self.coming.get(), 0.05)
        except TimeoutError:
            return []
        finally:
            self.asking -= 1
        if isinstance(came, Exception):
            raise came
        return came

    async def delete(self, handles: Sequence[str]) -> None:
        self.deleted += handles

    async def keep(self, handles: Sequence[str], seconds: int) -> None:
        assert seconds == 0
        assert not isinstance(handles, str)
        self.given_back += handles


class FakeHandler:
    """Settles messages whose body is `ok`, fails those that are `bad`, holds all others until `open` is set."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self.open = asyncio.Event()

    async def __call__(
        self, records: Sequence[dict[str, Any]], done: Callable[[str], None]
    ) -> dict[str, list[dict[str, str]]]:
        self.records += records
        failed = [{"itemIdentifier": one["messageId"]} for one in records if one["body"] == "bad"]
        for one in records:
            if one["body"] == "ok":
                done(one["messageId"])
        held = [one for one in records if one["body"] not in ("ok", "bad")]
        if held:
            await self.open.wait()
            for one in held:
                done(one["messageId"])
        return {"batchItemFailures": failed}


def message(number: int, body: str = "ok") -> Received:
    return Received(body, f"handle-{number}", 2, 1.25, "acme", f"id-{number}")


@asynccontextmanager
async def running(queue: FakeQueue, handler: FakeHandler) -> AsyncIterator[asyncio.Event]:
    """The loop at work; at the end it is told to stop and has to."""
    stopping = asyncio.Event()
    task = asyncio.create_task(EventSource(queue, handler, PLACES, "test-deliveries").run(stopping))
    try:
        yield stopping
    finally:
        stopping.set()
        await task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def test_while_batches_come_full_two_are_asked_for_at_a_time() -> None:
    queue, handler = FakeQueue(), FakeHandler()
    async with running(queue, handler):
        await until(lambda: queue.asking == 1)
        for start in (0, 10):
            queue.coming.put_nowait([message(start + number) for number in range(10)])
        await until(lambda: queue.asking == 2)
        await until(lambda: len(handler.records) == 20)
        await until(lambda: queue.asked[-5:].count(10) == 5 and queue.asking == 1)


async def test_messages_reach_the_handler_in_the_shape_of_lambda() -> None:
    queue, handler = FakeQueue(), FakeHandler()
    async with running(queue, handler):
        queue.coming.put_nowait([message(1)])
        await until(lambda: bool(handler.records))
    attributes = {"ApproximateReceiveCount": "2", "SentTimestamp": "1250", "MessageGroupId": "acme"}
    assert handler.records == [
        {
            "messageId": "id-1",
            "receiptHandle": "handle-1",
            "body": "ok",
            "attributes": attributes,
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:test-deliveries",
        }
    ]


async def test_what_succeeded_is_deleted_and_what_failed_is_left() -> None:
    queue, handler = FakeQueue(), FakeHandler()
    async with running(queue, handler):
        queue.coming.put_nowait([message(1), message(2, "bad"), message(3)])
        await until(lambda: len(queue.deleted) == 2)
    assert sorted(queue.deleted) == ["handle-1", "handle-3"]


async def test_a_slow_message_holds_up_neither_its_batch_nor_the_next() -> None:
    queue, handler = FakeQueue(), FakeHandler()
    async with running(queue, handler):
        queue.coming.put_nowait([message(1, "slow"), message(2)])
        queue.coming.put_nowait([message(3)])
        await until(lambda: sorted(queue.deleted) == ["handle-2", "handle-3"])
        handler.open.set()
    assert sorted(queue.deleted) == ["handle-1", "handle-2", "handle-3"]


async def test_no_more_in_hand_than_there_are_places() -> None:
    queue, handler = FakeQueue(), FakeHandler()
    async with running(queue, handler):
        for batch in (range(10), range(10, 20), range(20, 25)):
            queue.coming.put_nowait([message(n, "slow") for n in batch])
        await until(lambda: len(handler.records) == PLACES and not queue.asking)
        polls = len(queue.asked)
        await asyncio.sleep(0.1)
        assert len(queue.asked) == polls
        assert queue.asked[:3] == [10, 10, 5]
        handler.open.set()
        await until(lambda: len(queue.asked) > polls)


async def test_what_goes_on_silently_makes_room_for_others_and_is_waited_for_all_the_same() -> None:
    queue, handler = FakeQueue(), FakeHandler()
    source, stopping = EventSource(queue, handler, PLACES, "test-deliveries"), asyncio.Event()
    task = asyncio.create_task(source.run(stopping))
    for batch in (range(10), range(10, 20), range(20, 25)):
        queue.coming.put_nowait([message(n, "slow") for n in batch])
    await until(lambda: len(handler.records) == PLACES)
    queue.coming.put_nowait([message(n) for n in range(25, 28)])
    source.widen(PLACES)
    await until(lambda: len(queue.deleted) == 3)
    stopping.set()
    await until(lambda: not queue.asking)
    handler.open.set()
    source.widen(-PLACES)
    await task
    assert len(queue.deleted) == PLACES + 3


async def test_failed_messages_leave_their_places() -> None:
    queue, handler = FakeQueue(), FakeHandler()
    async with running(queue, handler):
        for start in range(0, 40, 10):
            queue.coming.put_nowait([message(start + n, "bad") for n in range(10)])
        await until(lambda: len(handler.records) == 40)
    assert queue.deleted == []


async def test_a_queue_that_is_away_is_said_once_and_waited_for(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.webhooks.outage.FIRST_PAUSE_S", 0.001)
    queue, handler = FakeQueue(), FakeHandler()
    async with running(queue, handler):
        for _ in range(4):
            queue.coming.put_nowait(QueueError("refused"))
        queue.coming.put_nowait([message(1)])
        await until(lambda: queue.deleted == ["handle-1"])
    said = [record.getMessage() for record in caplog.records]
    assert said == ["the queue is away, trying on: refused", "the queue is back"]


async def test_on_stopping_it_finishes_what_is_in_hand_and_gives_back_what_comes() -> None:
    queue, handler = FakeQueue(), FakeHandler()
    async with running(queue, handler) as stopping:
        queue.coming.put_nowait([message(1, "slow")])
        await until(lambda: bool(handler.records))
        await until(lambda: queue.asking == 1)
        stopping.set()
        queue.coming.put_nowait([message(2)])
        await until(lambda: queue.given_back == ["handle-2"])
        assert queue.deleted == []
        handler.open.set()
    assert queue.deleted == ["handle-1"]
    assert len(handler.records) == 1


async def test_what_does_not_end_in_time_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "GRACE_S", 0.2)
    queue, handler = FakeQueue(), FakeHandler()
    async with running(queue, handler):
        queue.coming.put_nowait([message(1, "slow"), message(2)])
        await until(lambda: bool(handler.records))
    assert queue.deleted == ["handle-2"]


async def test_a_loop_that_breaks_says_so() -> None:
    queue, handler = FakeQueue(), FakeHandler()
    queue.coming.put_nowait(RuntimeError("a bug"))
    with pytest.raises(RuntimeError, match="a bug"):
        await EventSource(queue, handler, PLACES).run(asyncio.Event())
