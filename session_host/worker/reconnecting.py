"""When an instance whose session ended is connected again: later each time, until it has been connected."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PAUSES_S = (2.0, 5.0, 15.0, 60.0, 300.0)


class Reconnecting:
    """The pauses of one instance. `reconnect` is called at the end of each; `uniform` gives 0 to 1."""

    def __init__(self, uniform: Callable[[], float], reconnect: Callable[[], object]) -> None:
        self._uniform = uniform
        self._reconnect = reconnect
        self._pauses = 0
        self._timer: asyncio.TimerHandle | None = None

    def later(self) -> None:
        """Begins the next pause."""
        self.cancel()
        pause = PAUSES_S[min(self._pauses, len(PAUSES_S) - 1)] * (0.75 + 0.5 * self._uniform())
        self._pauses += 1
        self._timer = asyncio.get_running_loop().call_later(pause, self._reconnect)

    def succeeded(self) -> None:
        """The next pause is the first one again."""
        self._pauses = 0

    def cancel(self) -> None:
        """Ends the pause under way; nothing follows."""
        if self._timer:
            self._timer.cancel()
