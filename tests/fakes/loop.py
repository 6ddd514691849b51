"""A loop whose time does not pass but is skipped: what takes seconds is over at once, and in the same order."""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
TURN_S = 1e-7  # what a turn takes at least: a wait too short for a float's precision comes to its end


class _Skipping(selectors.SelectSelector):
    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing will ever happen"
        self.now += max(timeout, TURN_S)
        return super().select(0)


class SkippingLoop(asyncio.SelectorEventLoop):
    """For what waits for timers alone: nothing comes from other threads or processes."""

    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.now


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs to the end, in no time."""
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        return runner.run(main)


def skipping(test: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """A test whose time is skipped."""

    @functools.wraps(test)
    def in_no_time(*args: P.args, **kwargs: P.kwargs) -> T:
        return run(test(*args, **kwargs))

    return in_no_time


class LoopClock:
    """The time of the loop that runs."""

    def unix(self) -> float:
        return self.monotonic()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()
