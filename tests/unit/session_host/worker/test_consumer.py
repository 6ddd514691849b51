"""The reader of a command queue against a queue that gives out what was not kept hidden in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import cast

import pytest

from session_host.worker.consumer import Consumer, Unreadable
from session_host.worker.context import Held
from session_host.worker.hand import Hand
from shared.models.command import Command, CommandKind
from shared.models.instance import InstanceKey
from shared.queues.commands import encode
from shared.queues.names import COMMAND_VISIBILITY_S
from shared.queues.queue import Outgoing, Queue, QueueError, Received

COMMAND = Command("cmd_1", CommandKind.SEND, InstanceKey("acme", "a"), {"message_id": "msg_1"})


class FakeQueue:
    """Gives out what it is told to; keeping fails as often as it is told to."""

    def __init__(self) -> None:
        self.given: asyncio.Queue[list[Received]] = asyncio.Queue()
        self.deleted: list[str] = []
        self.kept: list[tuple[tuple[str, ...], int]] = []
        self.sent: list[Outgoing] = []
        self.failures = 0

    async def send(self, message: Outgoing) -> None:
        if self.failures:
            self.failures -= 1
            raise QueueError("no answer")
        self.sent.append(message)
        self.give(message.body, "wakes", "id-of-trace")

    def give(self, body: str, handle: str, name: str = "id-1") -> None:
        self.given.put_nowait([Received(body, handle, 1, 1.0, "acme#a", name, "msg_1")])

    async def receive(self, wait_s: int) -> list[Received]:
        try:
            return await asyncio.wait_for(self.given.get(), 0.01)
        except TimeoutError:
            return []

    async def delete(self, handles: Sequence[str]) -> None:
        self.deleted += handles

    async def keep(self, handles: Sequence[str], seconds: int) -> None:
        if self.failures:
            self.failures -= 1
            raise QueueError("no answer")
        if handles:
            self.kept.append((tuple(handles), seconds))


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def running(queue: FakeQueue, time: Time) -> AsyncIterator[list[Held[Command | Unreadable]]]:
    taken: list[Held[Command | Unreadable]] = []
    consumer = Consumer(cast(Queue, queue), Hand(time), time, taken.append)
    receiving, *others = [
        asyncio.create_task(work) for work in (consumer.run(), consumer.settle_all(), consumer.keep_all())
    ]
    try:
        yield taken
    finally:
        consumer.stop()
        await receiving
        await consumer.finish()
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


async def until_there(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("session_host.worker.consumer.KEEP_EVERY_S", 0.005)


async def test_what_comes_again_is_carried_out_once_and_settled_by_its_new_handle() -> None:
    queue = FakeQueue()
    async with running(queue, Time()) as taken:
        queue.give(encode(COMMAND), "old")
        queue.give(encode(COMMAND), "new")
        queue.give(encode(COMMAND), "other", "id-2")
        await until_there(lambda: len(taken) == 2)
        for held in taken:
            held.settle()
        await until_there(lambda: len(queue.deleted) == 2)
    assert queue.deleted == ["new", "other"]


async def test_what_waits_is_kept_hidden_though_a_call_fails_and_given_back_in_the_end() -> None:
    queue, time = FakeQueue(), Time()
    async with running(queue, time) as taken:
        queue.give(encode(COMMAND), "h")
        await until_there(lambda: taken)
        queue.failures = 2
        time.now += COMMAND_VISIBILITY_S / 2
        await until_there(lambda: queue.kept)
        assert queue.kept == [(("h",), COMMAND_VISIBILITY_S)]
    assert queue.kept[-1] == (("h",), 0)
    assert queue.deleted == []


async def test_what_cannot_be_read_is_passed_on_as_such() -> None:
    queue = FakeQueue()
    async with running(queue, Time()) as taken:
        queue.give("no json", "h")
        await until_there(lambda: taken)
        assert isinstance(taken[0].value, Unreadable)
        assert taken[0].received.body == "no json"


async def test_a_poll_under_way_can_be_ended_and_what_it_brings_is_passed_on() -> None:
    queue, taken = PatientQueue(), list[Held[Command | Unreadable]]()
    consumer = Consumer(cast(Queue, queue), Hand(Time()), Time(), taken.append)
    receiving = asyncio.create_task(consumer.run())
    await until_there(lambda: queue.polls)
    consumer.stop()
    queue.failures = 1
    await consumer.wake()  # fails, and harms nobody
    assert not receiving.done()
    await consumer.wake()
    async with asyncio.timeout(10):
        await receiving
    assert queue.polls == 1
    assert [held.value.kind for held in taken if isinstance(held.value, Command)] == [CommandKind.TRACE]
    assert queue.sent[0].group != str(COMMAND.instance)


class PatientQueue(FakeQueue):
    """Polls until there is something."""

    polls = 0

    async def receive(self, wait_s: int) -> list[Received]:
        self.polls += 1
        return await self.given.get()
