"""The file by which a health check knows that this host is alive; see session_host/health.py."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from session_host.health import BEAT_S, form
from session_host.host.sight import Sight
from shared.clock import Clock

FIRST_S = 0.25  # from one try to the next before the first look

_log = logging.getLogger(__name__)


class Pulse:
    """Fresh in `file` every few seconds, from the first look at the leases on."""

    def __init__(self, file: Path, sight: Sight, clock: Clock, every_s: float = BEAT_S) -> None:
        self._file = file
        self._sight = sight
        self._clock = clock
        self._every_s = every_s

    def beat(self) -> None:
        """Writes it. A disk that takes nothing is said in the log, and by the file that is not fresh."""
        if self._sight.at is None:
            return
        fresh = self._file.with_name(f"{self._file.name}.new")
        try:
            fresh.write_text(form(self._clock.monotonic(), self._sight.at))
            fresh.replace(self._file)  # nobody reads half of it
        except OSError as error:
            _log.warning("The health file cannot be written: %s", error.strerror)

    async def run(self) -> None:
        """Beats until cancelled, then takes the file away."""
        try:
            while True:
                self.beat()
                await asyncio.sleep(FIRST_S if self._sight.at is None else self._every_s)
        finally:
            self._file.unlink(missing_ok=True)
