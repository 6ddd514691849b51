"""What leases and heartbeats say of the whole deployment, in figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from shared.clock import parse_iso
from shared.metrics.catalog import (
    INSTANCES,
    INSTANCES_CONNECTED_PERCENT,
    INSTANCES_UNATTENDED,
    PARTITIONS_UNOWNED,
    should_be_connected,
)
from shared.metrics.metric import Metric
from shared.models.host import HostReport, Lease, WorkerReport
from shared.models.instance import InstanceState

Figure = tuple[Metric, float]
FRESH_S = 30.0  # three heartbeats


def fresh_hosts(hosts: Iterable[HostReport], now: float) -> list[HostReport]:
    """Those whose heartbeat is fresh; `now` in unix seconds."""
    return [host for host in hosts if now - parse_iso(host.at) < FRESH_S]


def attending(lease: Lease, hosts: Sequence[HostReport]) -> WorkerReport | None:
    """The owner's worker for a partition: both may have died. While a partition changes hands another host's last
    heartbeat may still name it."""
    owners = (host for host in hosts if host.id == lease.owner)
    return next((one for host in owners for one in host.workers if one.partition == lease.partition), None)


def of_deployment(leases: Sequence[Lease], hosts: Sequence[HostReport], total: int) -> Iterator[Figure]:
    """The gauges that every host tells (Emitter.HOSTS).

    `leases`: of all partitions; `hosts`: those with a fresh heartbeat; `total`: instances on all partitions."""
    found = [attending(lease, hosts) for lease in leases]
    yield PARTITIONS_UNOWNED, found.count(None)
    states: Counter[str] = Counter()
    for worker in found:
        states.update(worker.states if worker else {})
    unattended = max(0, total - states.total())  # the heartbeats may be older than the total
    yield INSTANCES_UNATTENDED, unattended
    for state, metric in INSTANCES.items():
        yield metric, states[state]
    wanted = unattended + sum(states[state] for state in INSTANCES if should_be_connected(state))
    if wanted:
        yield INSTANCES_CONNECTED_PERCENT, round(100 * states[InstanceState.CONNECTED] / wanted, 1)
