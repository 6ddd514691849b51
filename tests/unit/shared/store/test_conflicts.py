"""Messages over a store whose transactions conflict, as DynamoDB's do when many calls use one idempotency key."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, cast

import pytest

from shared.models.message import Message, MessageError, MessageState, Step
from shared.store.conflicts import MOST_TRIES, Retries
from shared.store.database import Database, Put, StoreUnavailable, TransactionRefused, Update, Values, Write
from shared.store.messages import AlreadyAccepted, IdempotencyKey, Messages

NOW = 1_800_000_000.0
WHY = MessageError("queue_unavailable", "no")


class Contended:
    """A table whose transactions take time: one that meets another at an item is cancelled, as in DynamoDB."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Values] = {}
        self.busy: set[tuple[str, str]] = set()
        self.conflicts = 0

    async def transact(self, writes: Sequence[Write]) -> None:
        keys = {self._key(write) for write in writes}
        if keys & self.busy:
            self.conflicts += 1
            raise TransactionRefused(())
        self.busy |= keys
        try:
            await asyncio.sleep(0)
            self._apply(writes)
        finally:
            self.busy -= keys

    async def get(self, _table: str, key: Values) -> Values | None:
        await asyncio.sleep(0)
        return self.items.get((key["instance"], key["id"]))

    def _apply(self, writes: Sequence[Write]) -> None:
        if refused := tuple(at for at, write in enumerate(writes) if not self._holds(write)):
            raise TransactionRefused(refused)
        for write in writes:
            if isinstance(write, Put):
                self.items[self._key(write)] = write.values

    def _holds(self, write: Write) -> bool:
        return not isinstance(write, Put) or self._key(write) not in self.items

    @staticmethod
    def _key(write: Write) -> tuple[str, str]:
        values = write.values if isinstance(write, Put) else write.key
        return values["instance"], values["id"]


class Always:
    """A table whose transactions end as they are told, in turn; the last way for ever."""

    def __init__(self, *ends: tuple[int, ...] | None) -> None:
        self.ends = list(ends)
        self.written: list[Sequence[Write]] = []

    async def transact(self, writes: Sequence[Write]) -> None:
        self.written.append(writes)
        end = self.ends.pop(0) if len(self.ends) > 1 else self.ends[0]
        if end is not None:
            raise TransactionRefused(end)

    async def get(self, _table: str, _key: Values) -> None:
        return None


async def no_pause(_seconds: float) -> None:
    await asyncio.sleep(0)


def messages_in(table: Any) -> Messages:
    return Messages(cast(Database, table), partial(Retries, lambda: 1.0, no_pause))


def a_message(number: int = 1) -> Message:
    steps = (Step(MessageState.ACCEPTED, "now"),)
    return Message(
        id=f"msg_{number}", instance="acme#a", to="1", type="text", content={}, state=steps[0].state, timeline=steps
    )


async def test_fifty_calls_with_one_key_make_one_message_even_when_they_all_conflict() -> None:
    table = Contended()

    async def accept(number: int) -> str:
        message = a_message(number)
        try:
            await messages_in(table).accept(message, NOW, IdempotencyKey("order-7", "digest"))
        except AlreadyAccepted as earlier:
            return earlier.message_id
        return message.id

    answers = await asyncio.gather(*(accept(number) for number in range(50)))
    assert table.conflicts >= 40
    assert len(set(answers)) == 1
    assert sorted(table.items) == [("acme#a", "key#order-7"), ("acme#a", answers[0])]
    assert table.items["acme#a", answers[0]]["idempotency_key"] == "order-7"


async def test_conflicts_without_end_are_told_in_the_end() -> None:
    table = Always(())
    with pytest.raises(StoreUnavailable):
        await messages_in(table).accept(a_message(), NOW, IdempotencyKey("k", "d"))
    assert len(table.written) == MOST_TRIES


@pytest.mark.parametrize(
    ("ends", "done", "writes"),
    [
        ([None], True, [2]),
        ([(), None], True, [2, 2]),
        ([(1,), None], True, [2, 1]),  # the key stands for another message by now
        ([(0,)], False, [2]),
        ([(0, 1)], False, [2]),
    ],
)
async def test_a_message_that_was_not_queued_is_failed_through_conflicts(
    ends: list[tuple[int, ...] | None], done: bool, writes: list[int]
) -> None:
    table = Always(*ends)
    assert await messages_in(table).settle_unsent(a_message(), WHY, "now", "k") is done
    assert [len(written) for written in table.written] == writes
    assert all(isinstance(written[0], Update) for written in table.written)


async def test_pauses_grow_up_to_a_bound_and_are_shortened_by_chance() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(round(seconds, 3))

    retries = Retries(lambda: 0.5, sleep)
    for _ in range(MOST_TRIES - 1):
        await retries.again()
    assert slept == [0.01, 0.02, 0.04, 0.08, 0.16, 0.25, 0.25, 0.25, 0.25]
    with pytest.raises(StoreUnavailable):
        await retries.again()
