"""Sums of all processes, now and an hour ago."""

from __future__ import annotations

from shared.store.database import Database
from shared.store.figures import WINDOW_S, WINDOWS, Figures
from tests.conftest import Deployment
from tests.fakes.clock import FakeClock


async def within(figures: Figures) -> tuple[int, int]:
    """The sum since about an hour, and since ever."""
    sums = await figures.read()
    return sums.total.get("n", 0) - sums.before.get("n", 0), sums.total.get("n", 0)


async def test_a_span_forgets_what_lies_before_it(deployment: Deployment) -> None:
    time = FakeClock()
    one, two = (Figures(deployment.database, time) for _ in range(2))
    assert await within(one) == (0, 0)
    assert await one.add({"n": 1})
    assert await two.add({"n": 2})
    assert await within(one) == (3, 3)
    assert (await one.read()).since == time.now - WINDOWS * WINDOW_S
    time.now += 2 * WINDOW_S
    assert await two.add({"n": 10})
    assert await one.add({"n": 20})
    assert await within(two) == (33, 33)
    time.now += (WINDOWS - 1) * WINDOW_S
    assert await within(one) == (30, 33), "the first window is not in it any more"
    time.now += 2 * WINDOW_S
    assert await within(one) == (0, 33), "nothing happened for more than an hour"
    assert await two.add({"n": 100})
    assert await within(one) == (100, 133)


async def test_additions_that_were_not_taken_are_told(deployment: Deployment) -> None:
    nowhere = Database(deployment.database._client, "no-such-deployment")
    assert not await Figures(nowhere, FakeClock()).add({"n": 1})
