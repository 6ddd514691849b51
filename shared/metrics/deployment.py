"""What the hosts' heartbeats and leases say of the whole deployment, in figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from shared.metrics.catalog import (
    INSTANCES,
    INSTANCES_CONNECTED_PERCENT,
    INSTANCES_UNATTENDED,
    PARTITIONS_UNOWNED,
    should_be_connected,
)
from shared.metrics.metric import Metric
from shared.models.host import HostReport, Lease
from shared.models.instance import InstanceState


def looked_after(lease: Lease, hosts: Sequence[HostReport]) -> bool:
    """Whether the partition's owner is among the living hosts and has a worker for it: either may have died."""
    owners = (host for host in hosts if host.id == lease.owner)
    return any(worker.partition == lease.partition for owner in owners for worker in owner.workers)


def of_deployment(hosts: Sequence[HostReport], leases: Sequence[Lease], total: int) -> dict[Metric, float]:
    """The gauges that every host tells (Emitter.HOSTS).

    `hosts`: those with a fresh heartbeat; `leases`: of all partitions; `total`: instances on all partitions."""
    states: Counter[str] = Counter()
    for host in hosts:
        for worker in host.workers:
            states.update(worker.states)
    unattended = max(0, total - states.total())  # the heartbeats may be older than the total
    figures: dict[Metric, float] = {metric: states[state] for state, metric in INSTANCES.items()}
    figures[INSTANCES_UNATTENDED] = unattended
    figures[PARTITIONS_UNOWNED] = sum(not looked_after(lease, hosts) for lease in leases)
    expected = unattended + sum(states[state] for state in InstanceState if should_be_connected(state))
    if expected:
        figures[INSTANCES_CONNECTED_PERCENT] = round(100 * states[InstanceState.CONNECTED] / expected, 2)
    return figures
