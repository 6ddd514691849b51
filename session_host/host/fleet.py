"""The workers of a host: one per partition that it holds, and processes that stand by for more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from session_host.host.ceilings import Ceilings
from session_host.host.standbys import Program, Standbys
from session_host.host.worker import End, Worker
from shared.models.host import Lease, WorkerReport

FRESH_WITHIN_S = 30.0


class Fleet:
    """`changed` is called when any worker's report is another, `fenced` when a worker's writes were refused.

    Workers run as tasks of `group`; one that is cancelled kills its worker. `close` at the end.
    """

    def __init__(
        self,
        program: Program,
        ceilings: Ceilings,
        group: asyncio.TaskGroup,
        changed: Callable[[], None],
        fenced: Callable[[Lease], None],
    ) -> None:
        self._program = program
        self._ceilings = ceilings
        self._group = group
        self._changed = changed
        self._fenced = fenced
        self._standbys = Standbys(program, group, changed)
        self._workers: dict[int, Worker] = {}
        self._replacing = asyncio.Lock()
        self._worn: set[Worker] = set()
        self._running: set[Worker] = set()
        self._restarts = 0  # of those that are gone

    @property
    def standbys(self) -> int:
        """How many processes could begin to work at once."""
        return self._standbys.warm

    @property
    def restarts(self) -> int:
        """How often a worker had to be started again since the host began."""
        return self._restarts + sum(worker.restarts for worker in self._running)

    def start(self, lease: Lease, alive_until: float) -> None:
        """Starts the partition's worker, once its predecessor is gone. It lives until then at most, see `extend`."""
        predecessor = self._workers.get(lease.partition)
        worker = Worker(lease, alive_until, self._program, self._standbys, lambda: self._reported(worker))
        self._workers[lease.partition] = worker
        self._group.create_task(self._run(worker, predecessor))

    def extend(self, partition: int, alive_until: float) -> None:
        """The partition's worker may live until then."""
        if partition in self._workers:
            self._workers[partition].extend(alive_until)

    def expect(self, count: int) -> None:
        """So many partitions are likely to come soon."""
        self._standbys.want("leases", count)

    async def drain(self, partition: int) -> None:
        """Ends the partition's worker in good order; returns when it is gone."""
        if partition in self._workers:
            await self._workers[partition].drain()

    def kill(self, partition: int) -> None:
        """Ends the partition's worker at once."""
        if partition in self._workers:
            self._workers[partition].kill()

    def reports(self) -> tuple[WorkerReport, ...]:
        """The last report of each worker that has made one, by partition."""
        reports = (self._workers[partition].report for partition in sorted(self._workers))
        return tuple(report for report in reports if report is not None)

    def close(self) -> None:
        """Ends the processes that stand by. No worker may be started any more."""
        self._standbys.close()

    async def _run(self, worker: Worker, predecessor: Worker | None) -> None:
        if predecessor:
            await predecessor.gone.wait()
        self._running.add(worker)
        end = await worker.run()
        self._running.discard(worker)
        self._restarts += worker.restarts
        if self._workers.get(worker.lease.partition) is worker:
            del self._workers[worker.lease.partition]
        if end is End.FENCED:
            self._fenced(worker.lease)

    def _reported(self, worker: Worker) -> None:
        self._changed()
        if worker.report is None or worker in self._worn:
            return
        if why := self._ceilings.passed(worker.report, worker.age):
            self._worn.add(worker)
            self._group.create_task(self._replace(worker, why))

    async def _replace(self, worker: Worker, why: str) -> None:
        """One worker at a time, so that no more than one partition is without service and one process is too many."""
        async with self._replacing:
            self._standbys.want("replacement", 1)
            await self._standbys.one_warm(FRESH_WITHIN_S)
            await worker.replace(why)
            self._standbys.want("replacement", 0)
        self._worn.discard(worker)
