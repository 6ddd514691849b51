"""What records of deliveries do, in the store and in the fake of it: an attempt that is due is one message's, until it
is recorded or its time is over. Each case gets records of which there are none yet."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from functions.webhook_sender.ports import Records
from shared.clock import iso
from shared.models.webhook import Delivery, DeliveryState
from shared.store.database import ConditionFailed
from tests.fakes.deliveries import retrying

NOW = 1_800_000_000.125
UNTIL = NOW + 120
DUE = retrying(NOW, NOW)
PENDING = replace(DUE, state=DeliveryState.PENDING, attempts=(), round=0, next_attempt_at=None)
DEAD = replace(DUE, state=DeliveryState.DEAD, next_attempt_at=None, round=10)
DELIVERED = replace(DUE, state=DeliveryState.DELIVERED, next_attempt_at=None)


async def stored(records: Records, one: Delivery = DUE) -> Delivery | None:
    return await records.get("acme", "wh_a", one.id)


async def of_two_that_see_the_same_one_takes_it(records: Records) -> None:
    for due in (DUE, PENDING, DEAD):
        await records.save(due, NOW)
        await records.take(due, by="one", now=NOW, until=UNTIL)
        await records.take(due, by="one", now=NOW, until=UNTIL)  # its answer was lost, or it comes again
        with pytest.raises(ConditionFailed):
            await records.take(due, by="other", now=NOW + 1, until=UNTIL + 1)
        with pytest.raises(ConditionFailed):
            await records.take(due, by="other", now=UNTIL, until=UNTIL + 1)
        assert await stored(records) == due, "nobody else sees it"
        await records.take(due, by="other", now=UNTIL + 1, until=UNTIL + 9)
        with pytest.raises(ConditionFailed):
            await records.take(due, by="one", now=UNTIL + 2, until=UNTIL + 9)


async def one_recorded_meanwhile_is_not_taken_and_can_be_taken_anew(records: Records) -> None:
    with pytest.raises(ConditionFailed):
        await records.take(DUE, by="one", now=NOW, until=UNTIL)
    await records.save(DUE, NOW)
    await records.take(DUE, by="one", now=NOW, until=UNTIL)
    again = replace(DUE, next_attempt_at=iso(NOW + 2), round=2)
    await records.save(again, NOW)
    for other in (DUE, replace(again, next_attempt_at=iso(NOW + 3)), replace(again, round=3)):
        with pytest.raises(ConditionFailed):
            await records.take(other, by="one", now=NOW, until=UNTIL)
    with pytest.raises(ConditionFailed):
        await records.take(replace(again, state=DeliveryState.DEAD), by="one", now=NOW, until=UNTIL)
    await records.take(again, by="other", now=NOW, until=UNTIL)


async def what_is_recorded_first_stays_as_it_is(records: Records) -> None:
    await records.begin(PENDING, NOW)
    assert await stored(records) == PENDING
    await records.save(DELIVERED, NOW)
    other = replace(PENDING, id="dlv_2_a")
    await asyncio.gather(records.begin(PENDING, NOW), records.begin(other, NOW))
    assert await stored(records) == DELIVERED
    assert await stored(records, other) == other


async def one_that_was_delivered_is_kept_where_it_is_asked_for(records: Records) -> None:
    await records.save(DUE, NOW, keep_delivered=True)
    await records.save(DELIVERED, NOW, keep_delivered=True)
    with pytest.raises(ConditionFailed):
        await records.save(DEAD, NOW, keep_delivered=True)
    assert await stored(records) == DELIVERED
    await records.save(DEAD, NOW)
    assert await stored(records) == DEAD


async def one_is_moved_only_from_the_time_at_which_it_was_seen(records: Records) -> None:
    later = replace(DUE, next_attempt_at=iso(NOW + 60))
    with pytest.raises(ConditionFailed):
        await records.reschedule(later, seen=DUE.next_attempt_at)
    await records.save(DUE, NOW)
    await records.take(DUE, by="one", now=NOW, until=UNTIL)
    await records.reschedule(later, seen=DUE.next_attempt_at)
    assert await stored(records) == later
    with pytest.raises(ConditionFailed):
        await records.reschedule(later, seen=DUE.next_attempt_at)
    with pytest.raises(ConditionFailed):
        await records.take(later, by="other", now=NOW, until=UNTIL)  # it is still whose it was
    await records.save(DEAD, NOW)
    with pytest.raises(ConditionFailed):
        await records.reschedule(later, seen=later.next_attempt_at)
    assert await stored(records) == DEAD


CASES = (
    of_two_that_see_the_same_one_takes_it,
    one_recorded_meanwhile_is_not_taken_and_can_be_taken_anew,
    what_is_recorded_first_stays_as_it_is,
    one_that_was_delivered_is_kept_where_it_is_asked_for,
    one_is_moved_only_from_the_time_at_which_it_was_seen,
)
