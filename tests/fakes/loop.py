"""A loop whose time does not pass but is skipped: what takes seconds is over at once, and in the same order."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Skipping(selectors.SelectSelector):
    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing will ever happen"
        self.now += max(timeout, 0)
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
