"""Who may begin an attempt, told by what is held open."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack

import pytest

from functions.webhook_sender import slots as slots_module
from functions.webhook_sender.lane import Lane
from functions.webhook_sender.pace import Key, Pace
from functions.webhook_sender.slots import NoSlot, OutOfTime, Slots
from functions.webhook_sender.window import START

BOUND = 25


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for long."""
    monkeypatch.setattr(slots_module, "PATIENCE_S", 0.02)


async def begin(
    slots: Slots, stack: AsyncExitStack, pace: Pace, count: int = 1, lane: Lane = Lane.FAST, by: float | None = None
) -> int:
    """How many of so many attempts may begin, one after the other; they stay open."""
    for number in range(count):
        try:
            await stack.enter_async_context(slots.taken(pace, lane, by))
        except NoSlot:
            return number
    return count


def known(slots: Slots, key: Key) -> Pace:
    """An endpoint that has answered quickly for long."""
    pace = slots.pace(key)
    for _ in range(BOUND):
        pace.window.answered(0.01)
    return pace


async def test_a_burst_to_an_unknown_endpoint_takes_a_few_places_and_leaves_the_rest_to_others() -> None:
    slots = Slots(BOUND)
    async with AsyncExitStack() as stack:
        assert await begin(slots, stack, slots.pace(("acme", "wh_new")), BOUND) == START
        assert await begin(slots, stack, known(slots, ("other", "wh_known")), BOUND - START) == BOUND - START


async def test_of_the_slow_lane_each_tenant_and_endpoint_has_a_part_and_all_of_it_leaves_room_for_the_fast() -> None:
    slots = Slots(BOUND)
    async with AsyncExitStack() as stack:
        keys = [("acme", "a"), ("acme", "b"), ("acme", "c"), ("other", "d"), ("third", "e")]
        assert [await begin(slots, stack, known(slots, key), BOUND, Lane.SLOW) for key in keys] == [5, 1, 0, 2, 1]
        assert await begin(slots, stack, known(slots, ("acme", "fast")), 16) == 16


async def test_a_tenant_alone_has_all_places_and_the_first_that_is_free_is_anothers() -> None:
    slots, order = Slots(BOUND), []
    wide, late = known(slots, ("acme", "b")), known(slots, ("other", "c"))

    async def attempt(pace: Pace) -> None:
        async with slots.taken(pace, Lane.FAST, None):
            order.append(pace.key)

    async with AsyncExitStack() as stack:
        assert await begin(slots, stack, known(slots, ("acme", "a")), BOUND - 1) == BOUND - 1
        async with slots.taken(wide, Lane.FAST, None):
            waiting = [asyncio.create_task(attempt(pace)) for pace in (wide, wide, late)]
            await asyncio.sleep(0)
        await asyncio.gather(*waiting)
    assert order == [late.key, wide.key, wide.key]


async def test_who_falls_silent_makes_room_until_its_tenant_has_its_share_of_the_silent() -> None:
    slots = Slots(BOUND)
    silent = Counter[Lane]()
    slots.silent_changed = lambda lane, by: silent.update({lane: by})
    async with AsyncExitStack() as stack:
        for number in range(100):
            pace = slots.pace(("acme", str(number)))
            if slots.refuses(pace):
                break
            slot = await stack.enter_async_context(slots.taken(pace, Lane.FAST, None))
            pace.told(slow=True)
            slots.fell_silent(slot)
        assert (number, silent) == (60 + 15, {Lane.FAST: 60})
        assert await begin(slots, stack, known(slots, ("other", "a")), BOUND) == 5, "half of what is left"
    assert silent == {Lane.FAST: 0}


async def test_one_that_waits_goes_on_when_there_is_room_again_in_the_order_of_coming() -> None:
    slots, order = Slots(1), []
    paces = [slots.pace(("acme", name)) for name in "abc"]

    async def attempt(number: int) -> None:
        async with slots.taken(paces[number], Lane.FAST, None):
            order.append(number)
            await asyncio.sleep(0)

    async with slots.taken(paces[0], Lane.FAST, None):
        waiting = [asyncio.create_task(attempt(number)) for number in (1, 2, 0)]
        await asyncio.sleep(0.05)  # longer than anybody waits for its own endpoint
        assert order == []
    await asyncio.gather(*waiting)
    assert order == [1, 2, 0]


async def test_what_cannot_begin_in_time_is_told_apart_from_an_endpoint_without_room() -> None:
    slots = Slots(1)
    late = asyncio.get_running_loop().time()
    async with slots.taken(slots.pace(("acme", "a")), Lane.FAST, None), AsyncExitStack() as stack:
        with pytest.raises(OutOfTime):
            await begin(slots, stack, slots.pace(("acme", "b")), by=late + 0.01)
        with pytest.raises(OutOfTime):
            await begin(slots, stack, slots.pace(("acme", "b")), by=late - 1)


async def test_those_that_wait_for_an_endpoint_that_turns_out_to_be_slow_are_sent_away_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slots_module, "PATIENCE_S", 3600)
    slots = Slots(BOUND)
    pace = slots.pace(("acme", "a"))
    async with AsyncExitStack() as stack:
        slot = await stack.enter_async_context(slots.taken(pace, Lane.FAST, None))
        await begin(slots, stack, pace, START - 1)
        waiting = asyncio.create_task(begin(slots, stack, pace))
        while not pace.waiting:
            await asyncio.sleep(0)
        slots.fell_silent(slot)
        assert await waiting == 0


async def test_who_is_cancelled_while_it_waits_or_runs_leaves_its_place() -> None:
    slots = Slots(1)
    pace, other = slots.pace(("acme", "a")), slots.pace(("acme", "b"))

    async def attempt(which: Pace) -> None:
        async with slots.taken(which, Lane.FAST, None):
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(attempt(one)) for one in (pace, other, pace)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (pace.idle, other.idle) == (True, True)
    async with slots.taken(other, Lane.FAST, None):
        assert other.running == 1
