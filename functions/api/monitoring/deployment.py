"""What is so of the whole deployment, looked at once a second at most however many ask.

A look costs, all at once: a scan of the hosts (an item each), a BatchGetItem for the leases and how many instances are
on each partition, and a GetQueueAttributes for each queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from functions.api.monitoring.recent import Recent
from functions.api.services import Services
from shared.metrics import Metric
from shared.metrics.deployment import fresh_hosts, of_deployment
from shared.models.host import HostReport, Lease
from shared.queues.queue import Depth


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """`at` in unix seconds; `hosts`: those with a fresh heartbeat; `total`: instances on all partitions, whosever they
    are."""

    at: float
    hosts: Sequence[HostReport]
    leases: Sequence[Lease]
    total: int

    def gauges(self) -> Mapping[Metric, float]:
        """What hosts tell CloudWatch of the whole deployment; a figure that there is none of is left out."""
        return dict(of_deployment(self.leases, self.hosts, self.total))

    def owner(self, partition: int) -> str | None:
        """The living host that owns a partition."""
        owner = self.leases[partition].owner if partition < len(self.leases) else None
        return owner if any(host.id == owner for host in self.hosts) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen(Fleet):
    """And `queues` by name, `commands` by partition."""

    queues: Mapping[str, Depth]
    commands: Sequence[Depth]


class Deployment:
    """Looks at it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._fleet = Recent(services.clock, self._fresh_fleet)
        self._queues = Recent(services.clock, services.depths.look)

    async def fleet(self) -> Fleet:
        """How hosts and partitions are, a second ago at most. Raises StoreError."""
        return await self._fleet.get()

    async def look(self) -> Seen:
        """How all of it is, a second ago at most. Raises StoreError, QueueError."""
        fleet, (queues, commands) = await asyncio.gather(self._fleet.get(), self._queues.get())
        return Seen(
            at=fleet.at,
            hosts=fleet.hosts,
            leases=fleet.leases,
            total=fleet.total,
            queues=queues,
            commands=commands,
        )

    async def _fresh_fleet(self) -> Fleet:
        services = self._services
        alive, (leases, total) = await asyncio.gather(services.hosts.alive(), services.partitions.look())
        now = services.clock.unix()
        hosts = sorted(fresh_hosts(alive, now), key=lambda host: host.id)
        return Fleet(at=now, hosts=hosts, leases=leases, total=total)
