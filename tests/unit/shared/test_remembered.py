"""What is remembered, for how long, and how much of it."""

from __future__ import annotations

from shared.remembered import Remembered
from tests.fakes.clock import FakeClock


def test_a_value_is_remembered_for_its_time_and_no_longer() -> None:
    clock = FakeClock()
    remembered = Remembered[str, int](clock, life_s=60.0)
    remembered.note("one", 1)
    clock.now += 59.9
    remembered.note("two", 2)
    assert (remembered.get("one"), remembered.get("two")) == (1, 2)
    clock.now += 0.1
    assert (remembered.get("one"), remembered.get("two")) == (None, 2)


def test_there_are_never_more_than_the_bound() -> None:
    remembered = Remembered[int, int](FakeClock(), life_s=60.0, most=3)
    for number in range(4):
        remembered.note(number, number)
    assert [remembered.get(number) for number in range(4)] == [None, None, None, 3]
