"""Partitions that were given away, until their sessions are connected again elsewhere.

    given ---> free ---> taken by another host, its sessions on their way ---> settled: forgotten
      `----------`----> ours again: forgotten

What tells is the new owner's heartbeat, which each look reads anyway. It counts as settled when nearly all are there:
what is left may never connect (a proxy that is down), and the next partition's sessions are not without service before
its worker has ended in good order.
"""

from __future__ import annotations

from collections.abc import Iterable

from shared.models.host import HostReport, Lease, WorkerReport

NEARLY_ALL = 0.9


class Given:
    """As seen by the host `host_id`, which gave them away."""

    def __init__(self, host_id: str) -> None:
        self._host_id = host_id
        self._partitions: set[int] = set()
        self.settling = 0
        """How many others have taken whose sessions are not connected again, as of the last look."""

    def add(self, partition: int) -> None:
        """It is being given away."""
        self._partitions.add(partition)

    def taken_back(self, partition: int) -> None:
        """It is ours again."""
        self._partitions.discard(partition)

    def look(self, hosts: Iterable[HostReport], leases: Iterable[Lease]) -> None:
        """Takes in what was read."""
        settled = {(host.id, worker.partition) for host in hosts for worker in host.workers if is_settled(worker)}
        owners = {lease.partition: lease.owner for lease in leases}
        elsewhere = {one for one in self._partitions if owners.get(one) not in {None, self._host_id}}
        over = {one for one in elsewhere if (owners[one], one) in settled}
        self.settling = len(elsewhere - over)
        self._partitions -= over


def is_settled(worker: WorkerReport) -> bool:
    """Whether nearly all instances that it means to connect have been connected, or have failed to be."""
    total = sum(worker.states.values())
    return worker.ready and worker.states.get("connecting", 0) <= total * (1 - NEARLY_ALL)
