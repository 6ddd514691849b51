"""Says once that something cannot be reached, and once that it can again."""

from __future__ import annotations

import logging

_log = logging.getLogger(__name__)


class Reach:
    """`what` starts the sentences: "The leases cannot be reached ..."."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._down = False

    def failed(self, error: Exception) -> None:
        """A call was not answered."""
        if not self._down:
            _log.warning("%s cannot be reached, trying on: %s", self._what, str(error) or type(error).__name__)
        self._down = True

    def worked(self) -> None:
        """A call was answered."""
        if self._down:
            _log.info("%s can be reached again", self._what)
        self._down = False
