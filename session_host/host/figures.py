"""What a host tells the meter each minute, of itself and of the whole deployment; shared/metrics/ lists it.

Every host says the same of the deployment, as it last saw leases and heartbeats, so nobody need be chosen to say it.
Whoever has not seen them lately says nothing of it: silence is what the alarms then hear.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence

from session_host.host.sight import Sight
from session_host.until import until
from shared.clock import Clock
from shared.metrics import HOST_MEMORY, SESSIONS_PER_HOST, WORKERS_RESTARTED, Meter
from shared.metrics.deployment import FRESH_S, Figure, fresh_hosts, of_deployment
from shared.models.host import HostReport
from shared.store.database import StoreError

EVERY_S = 60.0
LOAD_S = 3.0
_log = logging.getLogger(__name__)


class Figures:
    """`own` is the host's report, `restarts` counts its workers' since its start, `load` all instances there are."""

    def __init__(
        self,
        meter: Meter,
        sight: Sight,
        clock: Clock,
        own: Callable[[], HostReport],
        restarts: Callable[[], int],
        load: Callable[[], Awaitable[int]],
    ) -> None:
        self._meter = meter
        self._sight = sight
        self._clock = clock
        self._own = own
        self._restarts = restarts
        self._load = load
        self._told = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Tells them until `stop` is set: what a host holds while it leaves says nothing of the others' load.

        A round that cannot be told is left out: figures are no reason to end a host."""
        while self._meter.on and not await until(stop, EVERY_S):
            try:
                await self.tell()
            except (OSError, ValueError):  # standard output is full or closed, memory cannot be read
                _log.exception("The figures of this minute are not told")
        self._tell_the_last()

    def _tell_the_last(self) -> None:
        """What was counted since the last round would be lost with the process."""
        try:
            self._count_restarts()
            self._meter.flush()
        except (OSError, ValueError):
            _log.exception("The last figures are not told")

    async def tell(self) -> None:
        """Tells them now."""
        self._count_restarts()
        for metric, value in [*of_host(self._own()), *await self._of_deployment()]:
            self._meter.observe(metric, value)
        self._meter.flush()

    def _count_restarts(self) -> None:
        restarts = self._restarts()
        self._meter.add(WORKERS_RESTARTED, restarts - self._told)
        self._told = restarts

    async def _of_deployment(self) -> Sequence[Figure]:
        seen = self._sight
        if seen.at is None or not seen.leases or self._clock.monotonic() - seen.at > FRESH_S:
            return ()
        fresh = fresh_hosts(seen.hosts, self._clock.unix())
        try:
            total = await asyncio.wait_for(self._load(), LOAD_S)
        except (StoreError, TimeoutError):
            return ()
        return list(of_deployment(seen.leases, fresh, total))


def of_host(report: HostReport) -> Iterator[Figure]:
    """What a host says of itself."""
    yield SESSIONS_PER_HOST, sum(sum(worker.states.values()) for worker in report.workers)
    if report.memory_limit:
        yield HOST_MEMORY, round(100 * report.memory_used / report.memory_limit, 1)
