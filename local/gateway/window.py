"""A sliding window: how many calls there were in the seconds before."""

from __future__ import annotations

from collections import deque

from shared.limits import Limit


class SlidingWindow:
    """Lets `limit.count` calls pass in any `limit.window_s` seconds. A refused call counts too, as at the firewall:
    whoever goes on calling stays out."""

    def __init__(self, limit: Limit) -> None:
        self._window_s = limit.window_s
        self._last: deque[float] = deque(maxlen=limit.count)  # the calls before those are of no account

    def take(self, now: float) -> bool:
        """Counts a call and says whether it may pass."""
        room = len(self._last) < (self._last.maxlen or 0) or self._last[0] <= now - self._window_s
        self._last.append(now)
        return room

    def idle(self, now: float) -> bool:
        """Whether nothing that it has counted is of account any more."""
        return not self._last or self._last[-1] <= now - self._window_s
