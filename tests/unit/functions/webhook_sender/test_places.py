"""Who may begin an attempt, told by what is held open."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.webhook_sender import places as places_module
from functions.webhook_sender.lane import Lane
from functions.webhook_sender.pace import Pace
from functions.webhook_sender.places import NoRoom, OutOfTime, Places
from functions.webhook_sender.window import START

BOUND = 25


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for long."""
    monkeypatch.setattr(places_module, "PATIENCE_S", 0.02)


async def begin(
    places: Places, stack: AsyncExitStack, pace: Pace, count: int = 1, lane: Lane = Lane.FAST, by: float | None = None
) -> int:
    """How many of so many attempts may begin, one after the other; they stay open."""
    for number in range(count):
        try:
            await stack.enter_async_context(places.taken(pace, lane, by))
        except NoRoom:
            return number
    return count


async def test_a_burst_to_an_unknown_endpoint_takes_a_few_places_and_leaves_the_rest_to_others() -> None:
    places = Places(BOUND)
    async with AsyncExitStack() as stack:
        assert await begin(places, stack, places.pace(("acme", "wh_new")), BOUND) == START
        known = places.pace(("other", "wh_known"))
        for _ in range(BOUND):
            known.window.answered(0.01)
        assert await begin(places, stack, known, BOUND - START) == BOUND - START


async def test_a_slow_endpoint_leaves_room_on_the_slow_lane_and_all_of_the_slow_lane_leaves_room_for_the_fast() -> None:
    places = Places(BOUND)
    async with AsyncExitStack() as stack:
        wide = []
        for name in "abc":
            pace = places.pace(("acme", name))
            for _ in range(BOUND):
                pace.window.answered(0.01)
            wide.append(await begin(places, stack, pace, BOUND, Lane.SLOW))
        assert wide == [6, 4, 0]
        fast = places.pace(("acme", "fast"))
        for _ in range(BOUND):
            fast.window.answered(0.01)
        assert await begin(places, stack, fast, 15) == 15


async def test_one_that_waits_goes_on_when_there_is_room_again_in_the_order_of_coming() -> None:
    places, order = Places(1), []
    paces = [places.pace(("acme", name)) for name in "abc"]

    async def attempt(number: int) -> None:
        async with places.taken(paces[number], Lane.FAST, None):
            order.append(number)
            await asyncio.sleep(0)

    async with places.taken(paces[0], Lane.FAST, None):
        waiting = [asyncio.create_task(attempt(number)) for number in (1, 2, 0)]
        await asyncio.sleep(0.05)  # longer than anybody waits for its own endpoint
        assert order == []
    await asyncio.gather(*waiting)
    assert order == [1, 2, 0]


async def test_what_cannot_begin_in_time_is_told_apart_from_an_endpoint_without_room() -> None:
    places = Places(1)
    late = asyncio.get_running_loop().time()
    async with places.taken(places.pace(("acme", "a")), Lane.FAST, None), AsyncExitStack() as stack:
        with pytest.raises(OutOfTime):
            await begin(places, stack, places.pace(("acme", "b")), by=late + 0.01)
        with pytest.raises(OutOfTime):
            await begin(places, stack, places.pace(("acme", "b")), by=late - 1)


async def test_those_that_wait_for_an_endpoint_that_turns_out_to_be_slow_are_sent_away_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(places_module, "PATIENCE_S", 3600)
    places = Places(BOUND)
    pace = places.pace(("acme", "a"))
    async with AsyncExitStack() as stack:
        await begin(places, stack, pace, START)
        waiting = asyncio.create_task(begin(places, stack, pace))
        while not pace.waiting:
            await asyncio.sleep(0)
        places.refuse_waiting(pace)
        assert await waiting == 0


async def test_who_is_cancelled_while_it_waits_or_runs_leaves_its_place() -> None:
    places = Places(1)
    pace, other = places.pace(("acme", "a")), places.pace(("acme", "b"))

    async def attempt(which: Pace) -> None:
        async with places.taken(which, Lane.FAST, None):
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(attempt(one)) for one in (pace, other, pace)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (pace.idle, other.idle) == (True, True)
    async with places.taken(other, Lane.FAST, None):
        assert other.running == 1


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 4)), max_size=40), st.integers(1, 12))
def test_no_bound_is_ever_passed_and_all_come_to_their_end(moves: Sequence[tuple[int, bool, int]], bound: int) -> None:
    async def run() -> None:
        places = Places(bound)
        now = {Lane.FAST: 0, Lane.SLOW: 0}
        refused = 0

        async def attempt(endpoint: int, slow: bool, turns: int) -> None:
            nonlocal refused
            pace, lane = places.pace(("acme", str(endpoint))), Lane.SLOW if slow else Lane.FAST
            try:
                async with places.taken(pace, lane, None):
                    now[lane] += 1
                    assert sum(now.values()) <= bound
                    assert now[Lane.SLOW] <= max(1, bound * 2 // 5)
                    assert pace.running <= max(pace.window.room, START)
                    for _ in range(turns):
                        await asyncio.sleep(0)
                    now[lane] -= 1
            except NoRoom:
                refused += 1

        await asyncio.gather(*(attempt(*move) for move in moves))
        assert sum(now.values()) == 0
        for endpoint in range(4):
            assert places.pace(("acme", str(endpoint))).idle

    asyncio.run(run())
