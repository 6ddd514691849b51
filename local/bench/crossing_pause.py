"""The bot's pause before it writes into a chat that has just spoken.

People write in bursts, so what comes in soon after a message is mostly the next one of the same chat: a send that waits
for quiet crosses fewer of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from shared.clock import Clock

MOST_PAUSES = 3  # that one send waits for quiet
QUIET_ENOUGH_S = 0.001  # clocks are no finer


class Pause:
    """The pauses of one instance: `pause_s` since the last message of whom it writes to."""

    def __init__(self, clock: Clock, pause_s: float, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._clock = clock
        self._pause_s = pause_s
        self._sleep = sleep
        self._heard: dict[str, float] = {}

    def heard(self, phone: str | None) -> None:
        """That phone wrote."""
        if phone:
            self._heard[phone] = self._clock.monotonic()

    async def before(self, phone: str) -> None:
        """Returns when the phone is quiet, or has been waited for long enough."""
        deadline = self._clock.monotonic() + MOST_PAUSES * self._pause_s
        while (wait := min(self._left(phone), deadline - self._clock.monotonic())) > QUIET_ENOUGH_S:
            await self._sleep(wait)

    def _left(self, phone: str) -> float:
        return self._heard.get(phone, float("-inf")) + self._pause_s - self._clock.monotonic()
