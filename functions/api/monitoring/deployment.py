"""What is so of the whole deployment, looked at once a second at most however many ask.

A look costs, all at once: a scan of the hosts (an item each), one BatchGetItem for the leases, and one
GetQueueAttributes for each queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from functions.api.monitoring.recent import Recent
from functions.api.services import Services
from shared.metrics.deployment import fresh_hosts
from shared.models.host import HostReport, Lease
from shared.queues.queue import Depth


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`at` in unix seconds; `hosts`: those with a fresh heartbeat; `queues` by name, `commands` by partition."""

    at: float
    hosts: Sequence[HostReport]
    leases: Sequence[Lease]
    queues: Mapping[str, Depth]
    commands: Sequence[Depth]

    def owner(self, partition: int) -> str | None:
        """The living host that owns a partition."""
        owner = self.leases[partition].owner if partition < len(self.leases) else None
        return owner if any(host.id == owner for host in self.hosts) else None


class Deployment:
    """Looks at it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._recent = Recent(services.clock, self._fresh)

    async def look(self) -> Seen:
        """How it is, a second ago at most. Raises StoreError, QueueError."""
        return await self._recent.get()

    async def _fresh(self) -> Seen:
        services = self._services
        alive, leases, (queues, commands) = await asyncio.gather(
            services.hosts.alive(), services.partitions.leases(), services.depths.look()
        )
        now = services.clock.unix()
        return Seen(
            at=now,
            hosts=sorted(fresh_hosts(alive, now), key=lambda host: host.id),
            leases=leases,
            queues=queues,
            commands=commands,
        )
