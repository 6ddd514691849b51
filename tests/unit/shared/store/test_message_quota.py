"""The count of a tenant's messages over a table whose transactions conflict, fail and lose their answers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.limits import DAY_S
from shared.models.message import Message, MessageError, MessageState, Step
from shared.store.conflicts import Retries
from shared.store.database import Database, Delete, Put, StoreUnavailable, TransactionRefused, Update, Values, Write
from shared.store.message_quota import SHARES, MessageQuota, MessageQuotas, MessageQuotaUsedUp, part
from shared.store.messages import AlreadyAccepted, IdempotencyKey, Messages
from tests.fakes.clock import FakeClock

WHY = MessageError("queue_unavailable", "no")
Name = tuple[str, str]


@dataclass
class Table:
    """A messages table: transactions take time, and those that meet at an item are cancelled, as in DynamoDB.

    `fates`: what becomes of the transactions to come: `lost` before or `unheard` after they were carried out."""

    items: dict[Name, Values] = field(default_factory=dict)
    busy: set[Name] = field(default_factory=set)
    fates: list[str] = field(default_factory=list)
    conflicts: int = 0

    async def transact(self, writes: Sequence[Write]) -> None:
        fate = self.fates.pop() if self.fates else ""
        if fate == "lost":
            raise StoreUnavailable("it never came there")
        names = {_name(write) for write in writes}
        if names & self.busy:
            self.conflicts += 1
            raise TransactionRefused(())
        self.busy |= names
        try:
            await asyncio.sleep(0)
            self._apply(writes)
        finally:
            self.busy -= names
        if fate == "unheard":
            raise StoreUnavailable("the answer was lost")

    async def get(self, _table: str, key: Values) -> Values | None:
        await asyncio.sleep(0)
        return self.items.get((key["instance"], key["id"]))

    async def query_all(self, _table: str, where: Any) -> list[Values]:
        await asyncio.sleep(0)
        return [dict(item, id=name[1]) for name, item in self.items.items() if name[0] == where.values["i"]]

    def _apply(self, writes: Sequence[Write]) -> None:
        if refused := tuple(at for at, write in enumerate(writes) if not self._holds(write)):
            raise TransactionRefused(refused)
        for write in writes:
            match write:
                case Put():
                    self.items[_name(write)] = dict(write.values)
                case Update():
                    item = self.items.setdefault(_name(write), {})
                    item |= write.sets
                    for what, by in write.adds.items():
                        item[what] = item.get(what, 0) + by
                case Delete():
                    del self.items[_name(write)]

    def _holds(self, write: Write) -> bool:
        item = self.items.get(_name(write))
        if isinstance(write, Put):
            return item is None
        if isinstance(write, Update) and write.condition and "most" in write.condition.values:
            return item is None or item["taken"] < write.condition.values["most"]
        return item is not None

    def taken(self, day: int) -> int:
        """What the rows of a day have counted."""
        return sum(item["taken"] for (instance, _), item in self.items.items() if instance == f"quota#acme#{day}")

    def stored(self) -> int:
        """How many messages there are that no call took back."""
        return sum(item.get("state") == MessageState.ACCEPTED for item in self.items.values())


def _name(write: Write) -> Name:
    values = write.values if isinstance(write, Put) else write.key
    return values["instance"], values["id"]


async def no_pause(_seconds: float) -> None:
    await asyncio.sleep(0)


@dataclass
class Processes:
    """API processes over one table, each with its own idea of what is left."""

    table: Table = field(default_factory=Table)
    clock: FakeClock = field(default_factory=FakeClock)
    made: int = 0

    def __post_init__(self) -> None:
        chance = random.Random(7)  # noqa: S311 - the same each time
        self.retries = partial(Retries, chance.random, no_pause)
        self.quotas = [MessageQuotas(cast(Database, self.table), self.clock, chance.choice) for _ in range(3)]

    @property
    def day(self) -> int:
        return int(self.clock.unix() // DAY_S)

    def quota(self, process: int, per_day: int) -> MessageQuota:
        return self.quotas[process % len(self.quotas)].of("acme", per_day)

    async def accept(self, process: int, per_day: int, key: str | None = None, *, queued: bool = True) -> str:
        """Gives `accepted`, `again`, `refused`, `failed` (and taken back) or `unknown`."""
        self.made += 1
        steps = (Step(MessageState.ACCEPTED, "now"),)
        message = Message(
            id=f"msg_{self.made}",
            instance="acme#a",
            to="1",
            type="text",
            content={},
            state=steps[0].state,
            timeline=steps,
        )
        messages = Messages(cast(Database, self.table), self.retries)
        named = IdempotencyKey(key, "digest") if key else None
        try:
            place = await messages.accept(message, self.clock.unix(), named, self.quota(process, per_day))
            if queued:
                return "accepted"
            await messages.settle_unsent(message, WHY, "now", key, place)
        except AlreadyAccepted:
            return "again"
        except MessageQuotaUsedUp:
            return "refused"
        except StoreUnavailable:
            return "unknown"
        return "failed"


@pytest.mark.parametrize("quota", [1, 20, 32, 45])
async def test_parallel_calls_of_several_processes_get_exactly_the_quota(quota: int) -> None:
    site = Processes()
    answers = await asyncio.gather(*(site.accept(number, quota) for number in range(100)))
    assert site.table.conflicts > 0
    told = answers.count("unknown")  # a row that too many met at: nothing was written then
    assert answers.count("accepted") == site.table.taken(site.day) == site.table.stored() <= quota
    assert answers.count("accepted") == quota or told
    assert (await site.accept(0, quota) == "refused") is (site.table.taken(site.day) == quota)


async def test_a_call_that_is_repeated_is_answered_and_costs_nothing_even_when_nothing_is_left() -> None:
    site = Processes()
    assert await site.accept(0, 1, "order-7") == "accepted"
    assert [await site.accept(number, 1, "order-7") for number in range(3)] == ["again"] * 3
    assert await site.accept(0, 9, "order-7") == "again"
    assert site.quota(0, 9).standing().left == 8
    assert await site.accept(0, 1, "order-8") == "refused"
    assert site.table.taken(site.day) == 1
    assert ("acme#a", "key#order-8") not in site.table.items


async def test_the_last_message_of_a_day_is_found_wherever_its_place_is() -> None:
    site = Processes()
    for number in range(99):
        assert await site.accept(number, 100) == "accepted"
    assert await site.accept(1, 100) == "accepted"
    assert [await site.accept(number, 100) for number in range(3)] == ["refused"] * 3


async def test_what_could_not_be_queued_does_not_count() -> None:
    site = Processes()
    assert await site.accept(0, 1, "order-7", queued=False) == "failed"
    assert site.table.taken(site.day) == 0
    assert await site.accept(1, 1, "order-7") == "accepted"
    assert await site.accept(1, 1) == "refused"


async def test_the_count_begins_anew_at_midnight_utc_and_the_old_one_expires() -> None:
    site = Processes()
    site.clock.now = 20_000 * DAY_S - 0.25
    assert [await site.accept(0, 1), await site.accept(0, 1)] == ["accepted", "refused"]
    assert site.quota(0, 1).standing().full_in_s == 1
    site.clock.now += 0.25
    assert [await site.accept(0, 1), await site.accept(0, 1)] == ["accepted", "refused"]
    assert site.quota(0, 1).standing().full_in_s == DAY_S
    (expires_at,) = {row["expires_at"] for (name, _), row in site.table.items.items() if name == "quota#acme#19999"}
    assert expires_at == 20_001 * DAY_S


async def test_a_number_that_is_raised_or_lowered_holds_at_once() -> None:
    site = Processes()
    assert [await site.accept(0, 40) for _ in range(40)] == ["accepted"] * 40
    assert await site.accept(0, 40) == "refused"
    assert await site.accept(0, 41) == "accepted"
    assert await site.accept(0, 20) == "refused"
    assert site.quota(0, 20).standing().left == 0


async def test_what_is_left_is_told_without_a_look_at_each_call() -> None:
    site = Processes()
    for left in (2, 1, 0):
        assert await site.accept(0, 3) == "accepted"
        assert site.quota(0, 3).standing().left == left
    assert site.quota(1, 3).standing().left == 3, "another process has not looked yet"
    await site.quota(1, 3).look()
    assert site.quota(1, 3).standing().left == 0


Call = tuple[int, str | None, bool, str]
CALLS = st.tuples(
    st.integers(0, 2),
    st.sampled_from([None, None, "a", "b"]),
    st.booleans(),
    st.sampled_from(["", "", "", "lost", "unheard"]),
)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.lists(st.lists(CALLS, min_size=1, max_size=6), max_size=8), st.data())
async def test_whatever_is_lost_in_between_the_count_is_that_of_the_messages_stored(
    quota: int, rounds: list[list[Call]], data: st.DataObject
) -> None:
    site = Processes()
    for calls in rounds:
        site.table.fates = [fate for *_, fate in calls if fate]
        going = (site.accept(process, quota, key, queued=queued) for process, key, queued, _ in calls)
        await asyncio.gather(*going)
        assert site.table.taken(site.day) == site.table.stored() <= quota
        site.clock.now += data.draw(st.sampled_from([0, 11]))
    site.table.fates = []
    site.clock.now += 11  # all that was given back is seen by then
    left = quota - site.table.taken(site.day)
    assert [await site.accept(0, quota) for _ in range(left + 1)] == ["accepted"] * left + ["refused"]


@given(st.integers(0, 10**9), st.integers(0, 100))
def test_the_parts_are_the_number_and_none_shrinks_when_it_grows(per_day: int, more: int) -> None:
    assert sum(part(per_day, share) for share in range(SHARES)) == per_day
    assert all(part(per_day, share) <= part(per_day + more, share) for share in range(SHARES))
