"""The workers of a host: one per partition that it holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from session_host.host.worker import End, Program, Worker
from shared.models.host import Lease, WorkerReport


class Fleet:
    """`changed` is called when any worker's report is another, `fenced` when a worker's writes were refused.

    Workers run as tasks of `group`; one that is cancelled kills its worker.
    """

    def __init__(
        self,
        program: Program,
        group: asyncio.TaskGroup,
        changed: Callable[[], None],
        fenced: Callable[[Lease], None],
    ) -> None:
        self._program = program
        self._group = group
        self._changed = changed
        self._fenced = fenced
        self._workers: dict[int, Worker] = {}

    def start(self, lease: Lease) -> None:
        """Starts the partition's worker, once its predecessor is gone."""
        predecessor = self._workers.get(lease.partition)
        worker = self._workers[lease.partition] = Worker(lease, self._program, self._changed)
        self._group.create_task(self._run(worker, predecessor))

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

    async def _run(self, worker: Worker, predecessor: Worker | None) -> None:
        if predecessor:
            await predecessor.gone.wait()
        end = await worker.run()
        if self._workers.get(worker.lease.partition) is worker:
            del self._workers[worker.lease.partition]
        if end is End.FENCED:
            self._fenced(worker.lease)
