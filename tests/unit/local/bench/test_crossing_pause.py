"""When the bot may write into a chat that has just spoken."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from local.bench.crossing_pause import Pause

CUSTOMER = "4915550002"


class Time:
    """A clock that moves only when somebody sleeps; `meanwhile` happens in the middle of each sleep."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def unix(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds / 2
        self.meanwhile()
        self.now += seconds / 2


async def test_a_reply_waits_for_what_is_left_of_the_pause() -> None:
    time = Time()
    pause = Pause(time, 0.3, time.sleep)
    pause.heard(CUSTOMER)
    pause.heard(None)
    time.now += 0.1
    await pause.before("4915550003")
    assert time.slept == []
    await pause.before(CUSTOMER)
    assert time.slept == [0.2]
    await pause.before(CUSTOMER)
    assert time.slept == [0.2]


async def test_one_who_writes_on_is_waited_for_again() -> None:
    time = Time()
    pause = Pause(time, 0.3, time.sleep)
    pause.heard(CUSTOMER)
    time.meanwhile = lambda: pause.heard(CUSTOMER) if len(time.slept) == 1 else None
    await pause.before(CUSTOMER)
    assert time.slept == [0.3, 0.15]


async def test_one_who_never_stops_is_not_waited_for_for_ever() -> None:
    time = Time()
    pause = Pause(time, 0.3, time.sleep)
    pause.heard(CUSTOMER)
    time.meanwhile = lambda: pause.heard(CUSTOMER)
    await pause.before(CUSTOMER)
    assert sum(time.slept) == pytest.approx(0.9, abs=0.01)
