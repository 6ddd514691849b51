"""Whether everything that is needed is there: hosts alive, every partition owned and worked on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from functions.api.monitoring.deployment import Fleet
from functions.api.schemas import View, example
from shared.metrics.deployment import attending
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


def health_of(fleet: Fleet, uptime_s: float) -> Health:
    """How a deployment is, as a process tells it that has run for so long."""
    used, limit = sum(host.memory_used for host in fleet.hosts), sum(host.memory_limit for host in fleet.hosts)
    return Health(
        status="healthy" if all(attending(lease, fleet.hosts) for lease in fleet.leases) else "degraded",
        uptime=int(uptime_s),
        instances=_counts(fleet.hosts, fleet.total),
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
