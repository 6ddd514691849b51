"""Whether everything that is needed is there: hosts alive, every partition owned and worked on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from functions.api.monitoring.recent import Recent
from functions.api.schemas import View, example
from functions.api.services import Services
from shared.metrics.deployment import attending, fresh_hosts
from shared.models.host import HostReport
from shared.models.instance import InstanceState

_CONNECTING = (InstanceState.CREATED, InstanceState.PAIRING, InstanceState.CONNECTING)


class InstanceCounts(View):
    """Instances by how they stand with WhatsApp."""

    total: int
    connected: int
    connecting: int = Field(description="Created, pairing or connecting.")
    disconnected: int = Field(description="All the rest, those without a living host included.")


class Memory(View):
    """Of all session hosts, in bytes; `usage` is used / limit."""

    used: int
    limit: int
    usage: float


class Health(View):
    """`degraded`: a partition has no living session host, or no worker there. `uptime` of this process in seconds."""

    model_config = example(
        {
            "status": "healthy",
            "uptime": 3600,
            "instances": {"total": 12, "connected": 11, "connecting": 1, "disconnected": 0},
            "memory": {"used": 268435456, "limit": 4294967296, "usage": 0.0625},
        }
    )

    status: Literal["healthy", "degraded"]
    uptime: int
    instances: InstanceCounts
    memory: Memory


class HealthCheck:
    """Looks at the deployment, once a second at most: everybody may ask."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._recent = Recent(services.clock, self._fresh)

    async def look(self) -> Health:
        """The health now. Raises StoreError when the store does not answer."""
        return await self._recent.get()

    async def _fresh(self) -> Health:
        services = self._services
        alive, (leases, total) = await asyncio.gather(services.hosts.alive(), services.partitions.look())
        fresh = fresh_hosts(alive, services.clock.unix())
        used, limit = sum(host.memory_used for host in fresh), sum(host.memory_limit for host in fresh)
        return Health(
            status="healthy" if all(attending(lease, fresh) for lease in leases) else "degraded",
            uptime=int(services.clock.monotonic() - services.started_at),
            instances=_counts(fresh, total),
            memory=Memory(used=used, limit=limit, usage=round(used / limit, 4) if limit else 0.0),
        )


def _counts(hosts: Sequence[HostReport], total: int) -> InstanceCounts:
    states: Counter[str] = Counter()
    for host in hosts:
        for worker in host.workers:
            states.update(worker.states)
    connected = states[InstanceState.CONNECTED]
    connecting = sum(states[state] for state in _CONNECTING)
    total = max(total, connected + connecting)  # the reports may be up to one heartbeat older
    return InstanceCounts(
        total=total, connected=connected, connecting=connecting, disconnected=total - connected - connecting
    )
