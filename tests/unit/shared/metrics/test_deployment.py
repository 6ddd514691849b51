from __future__ import annotations

from shared.metrics import INSTANCES, INSTANCES_CONNECTED_PERCENT, INSTANCES_UNATTENDED, PARTITIONS_UNOWNED
from shared.metrics.deployment import of_deployment
from shared.models.host import HostReport, Lease, WorkerReport
from shared.models.instance import InstanceState


def _host(name: str, *workers: tuple[int, dict[str, int]]) -> HostReport:
    reports = tuple(WorkerReport(partition, 1, states, 0, 0, 0) for partition, states in workers)
    return HostReport(id=name, started_at="", at="", memory_used=0, memory_limit=0, workers=reports)


def test_states_are_summed_over_all_workers() -> None:
    hosts = [_host("a", (0, {"connected": 3}), (1, {"connected": 2, "pairing": 4})), _host("b", (2, {"failed": 1}))]
    leases = [Lease(0, "a"), Lease(1, "a"), Lease(2, "b")]
    figures = dict(of_deployment(leases, hosts, 10))
    assert figures[INSTANCES[InstanceState.CONNECTED]] == 5
    assert figures[INSTANCES[InstanceState.PAIRING]] == 4
    assert figures[INSTANCES[InstanceState.FAILED]] == 1
    assert figures[INSTANCES_UNATTENDED] == 0
    assert figures[PARTITIONS_UNOWNED] == 0
    assert figures[INSTANCES_CONNECTED_PERCENT] == 83.3  # pairing waits for its owner's phone


def test_instances_of_a_dead_host_count_as_not_connected() -> None:
    figures = dict(of_deployment([Lease(0, "a"), Lease(1, "gone")], [_host("a", (0, {"connected": 5}))], 10))
    assert figures[INSTANCES_UNATTENDED] == 5
    assert figures[INSTANCES_CONNECTED_PERCENT] == 50
    assert figures[PARTITIONS_UNOWNED] == 1


def test_a_partition_whose_owner_has_no_worker_for_it_is_not_looked_after() -> None:
    leases = [Lease(0, "a"), Lease(1, "a"), Lease(2)]
    assert dict(of_deployment(leases, [_host("a", (0, {}))], 0))[PARTITIONS_UNOWNED] == 2


def test_without_instances_there_is_no_share_to_tell() -> None:
    hosts = [_host("a", (0, {"created": 3}))]
    assert INSTANCES_CONNECTED_PERCENT not in dict(of_deployment([Lease(0, "a")], hosts, 3))
