"""The heartbeats of session hosts: one item each, gone a minute after the last."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from shared.models.host import HostReport, WorkerReport
from shared.store.database import Database, Delete, Put

if TYPE_CHECKING:
    from shared.clock import Clock

TABLE = "hosts"
KEPT_S = 60


class Hosts:
    """The hosts that are alive."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def save(self, report: HostReport) -> None:
        """Writes a heartbeat."""
        await self._db.write(Put(TABLE, asdict(report) | {"expires_at": int(self._clock.unix() + KEPT_S)}))

    async def forget(self, host_id: str) -> None:
        """Removes a host that stops."""
        await self._db.write(Delete(TABLE, {"id": host_id}))

    async def alive(self) -> list[HostReport]:
        """The hosts heard of within the last minute."""
        now = self._clock.unix()
        return [_report(values) for values in await self._db.scan_all(TABLE) if values["expires_at"] > now]


def _report(values: dict[str, Any]) -> HostReport:
    known = {name: values[name] for name in HostReport.__dataclass_fields__ if name in values}
    known["workers"] = tuple(_worker(worker) for worker in known.get("workers", ()))
    return HostReport(**known)


def _worker(values: dict[str, Any]) -> WorkerReport:
    """Fields that only a newer host writes are passed over."""
    return WorkerReport(**{name: values[name] for name in WorkerReport.__dataclass_fields__ if name in values})
