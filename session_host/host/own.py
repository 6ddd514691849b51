"""What a host says of itself in its heartbeat."""

from __future__ import annotations

from collections.abc import Mapping

from session_host.host import cpu, memory
from shared.clock import Clock, iso
from shared.models.host import HostReport, WorkerReport


class OwnReport:
    """What does not change between heartbeats, and the last report."""

    def __init__(self, host_id: str, clock: Clock) -> None:
        self._host_id = host_id
        self._clock = clock
        self._started_at = iso(clock.unix())
        self._memory_limit = memory.limit()
        self._cpu_limit = cpu.limit()
        self._cpu = cpu.CpuUse(clock.monotonic)
        self._last = self.make((), 0, {})

    def last(self) -> HostReport:
        """The report that was made last."""
        return self._last

    def make(self, workers: tuple[WorkerReport, ...], standbys: int, renewed: Mapping[int, float]) -> HostReport:
        """A report; `renewed`: when each lease that is held was last renewed, monotonic."""
        now = self._clock.monotonic()
        self._last = HostReport(
            id=self._host_id,
            started_at=self._started_at,
            at=iso(self._clock.unix()),
            memory_used=memory.used(),
            memory_limit=self._memory_limit,
            workers=workers,
            standbys=standbys,
            cpu_used=self._cpu.look(),
            cpu_limit=self._cpu_limit,
            lease_ages={str(partition): round(now - at, 1) for partition, at in renewed.items()},
        )
        return self._last
