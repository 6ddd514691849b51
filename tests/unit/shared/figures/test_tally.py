"""A process hands its counts over seldom, and keeps them when the store does not take them."""

from __future__ import annotations

import asyncio
from collections import Counter

from shared.figures import FLUSH_EVERY_S, Histogram, Tally
from shared.figures.counts import Counts


class Sums:
    """A store that answers or does not."""

    def __init__(self) -> None:
        self.sums: Counter[str] = Counter()
        self.calls = 0
        self.answers = True

    async def add(self, counts: Counts) -> bool:
        self.calls += 1
        await asyncio.sleep(0)
        if self.answers:
            self.sums.update(counts)
        return self.answers


class Time:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


async def test_many_calls_are_one_write() -> None:
    sums, time = Sums(), Time()
    tally = Tally(sums, time.monotonic)
    await tally.hand_over()
    assert sums.calls == 0, "nothing to tell"
    for _ in range(3):
        tally.call(200, 10)
        tally.call(404, None)
        await tally.hand_over()
    assert sums.calls == 1
    time.now += FLUSH_EVERY_S
    tally.attempt(delivered=True)
    tally.attempt(delivered=False)
    await tally.hand_over()
    assert sums.calls == 2
    assert {name: sums.sums[name] for name in ("calls_2xx", "calls_4xx", "attempts_delivered", "attempts_failed")} == {
        "calls_2xx": 3,
        "calls_4xx": 3,
        "attempts_delivered": 1,
        "attempts_failed": 1,
    }
    assert (Histogram.of(sums.sums).count, sums.sums["us_sum"]) == (3, 30_000)
    assert not tally.pending


async def test_what_was_not_taken_is_handed_over_again() -> None:
    sums, time = Sums(), Time()
    tally, sums.answers = Tally(sums, time.monotonic), False
    tally.call(200, 10)
    handing = asyncio.create_task(tally.hand_over())
    await asyncio.sleep(0)
    tally.call(500, 20)
    await handing
    assert tally.pending["calls_2xx"] == tally.pending["calls_5xx"] == 1
    sums.answers = True
    await tally.hand_over(now=True)
    assert (sums.sums["calls_2xx"], sums.sums["calls_5xx"], Histogram.of(sums.sums).count) == (1, 1, 2)


async def test_the_last_counts_are_handed_over_at_the_end() -> None:
    sums = Sums()
    tally = Tally(sums, Time().monotonic)
    async with tally.running():
        tally.call(200, 1)
    assert sums.sums["calls_2xx"] == 1


async def test_one_that_is_off_keeps_nothing() -> None:
    tally = Tally.off()
    tally.call(200, 1)
    tally.attempt(delivered=True)
    assert not tally.pending
