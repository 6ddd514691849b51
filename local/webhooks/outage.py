"""What is away for a while: waited for with growing pauses, said once when it goes and once when it is back."""

from __future__ import annotations

import logging

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0


class Outage:
    """Keeps count of failures in a row."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._pause_s = 0.0

    def failed(self, error: Exception) -> float:
        """Notes a failure; gives back how long to wait before the next try, in seconds."""
        if not self._pause_s:
            log.warning("%s is away, trying on: %s", self._what, error)
        self._pause_s = min(self._pause_s * 2 or FIRST_PAUSE_S, LONGEST_PAUSE_S)
        return self._pause_s

    def over(self) -> None:
        """Notes a success."""
        if self._pause_s:
            log.warning("%s is back", self._what)
        self._pause_s = 0.0
