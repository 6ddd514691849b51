"""Keeps a host's leases: looks, takes, renews, hands over and fences, as the ledger decides.

Two loops share the ledger: one looks at all leases, takes and gives away; the other renews, and nothing that the first
waits for can hold it up. A timer of the event loop fences, and waits for nothing at all.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from typing import Protocol, TypeVar

from session_host.leases.given import Given
from session_host.leases.ledger import Ledger, Plan
from session_host.leases.notice import Notice
from session_host.leases.reach import Reach
from session_host.until import until
from shared.clock import Clock
from shared.models.host import HostReport, Lease
from shared.store.database import StoreError
from shared.store.partitions import LeaseLost

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_LAST_TRIES = 3


class LeaseStore(Protocol):
    """Where leases are kept; see shared.store.partitions."""

    async def leases(self) -> list[Lease]: ...
    async def take(self, seen: Lease, owner: str) -> Lease: ...
    async def renew(self, held: Lease) -> Lease: ...
    async def release(self, held: Lease) -> None: ...


class HostList(Protocol):
    """Where heartbeats are kept; see shared.store.hosts."""

    async def alive(self) -> list[HostReport]: ...


class Workers(Protocol):
    """Who works on the partitions that are held."""

    def start(self, lease: Lease, alive_until: float) -> None:
        """The lease is ours: work may begin. On its own it must end at that moment of the monotonic clock."""

    def extend(self, partition: int, alive_until: float) -> None:
        """The lease was renewed: the work may go on until then."""

    def expect(self, count: int) -> None:
        """So many partitions will probably come soon."""

    async def drain(self, partition: int) -> None:
        """Ends the work in good order; returns when nothing of it is left."""

    def kill(self, partition: int) -> None:
        """Ends the work this instant; the lease is lost or about to be."""


class Keeper:
    """The leases of one host. The caller writes the heartbeats that make other hosts share."""

    def __init__(self, ledger: Ledger, store: LeaseStore, hosts: HostList, workers: Workers, clock: Clock) -> None:
        self._ledger = ledger
        self._timing = ledger.timing
        self._store = store
        self._hosts = hosts
        self._workers = workers
        self._clock = clock
        self._reach = Reach("The leases")
        self._changed = asyncio.Event()
        self._notice = Notice()
        self._given = Given(ledger.host_id)
        self._standing_by = 0  # processes of other hosts that wait for a partition
        self._leaving: set[asyncio.Task[None]] = set()
        self._fence_timer: asyncio.TimerHandle | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Holds this host's share until `stop` is set, then hands everything over; nothing is held at its end."""
        async with asyncio.TaskGroup() as group:
            renewing = group.create_task(self._keep_renewing())
            await self._keep_sharing(stop, group)
            self._workers.expect(0)
            await self._leave_all(group)
            renewing.cancel()
        await self._release_strays()

    def give_up(self, lease: Lease) -> None:
        """The lease's worker was refused as an old owner and is gone; the store will tell who owns the partition."""
        self._ledger.drop(lease)

    async def _keep_sharing(self, stop: asyncio.Event, group: asyncio.TaskGroup) -> None:
        while not stop.is_set():
            plan = Plan()
            if await self._look():
                plan = self._ledger.plan(self._clock.monotonic())
                await self._carry_out(plan, group)
            await until(stop, self._next_look(plan))

    async def _carry_out(self, plan: Plan, group: asyncio.TaskGroup) -> None:
        self._leave_some(plan.leave, group)
        await asyncio.gather(*map(self._take, plan.take), *map(self._release, plan.release))
        self._workers.expect(plan.expect)

    async def _leave_all(self, group: asyncio.TaskGroup) -> None:
        """The heartbeat is gone, so others count on these partitions; they are served until somebody stands by."""
        self._notice = Notice(self._timing.notice_s)
        while self._ledger.working() or self._leaving:
            if await self._look():
                await asyncio.gather(*map(self._release, self._ledger.strays()))
            self._leave_some(self._ledger.working(), group)
            if self._leaving:
                await asyncio.wait(self._leaving, timeout=self._timing.eager_s)
            elif self._ledger.working():
                await asyncio.sleep(self._timing.eager_s)

    def _leave_some(self, partitions: Sequence[int], group: asyncio.TaskGroup) -> None:
        now = self._clock.monotonic()
        under_way, settling = self._ledger.under_way(), self._given.settling
        granted = self._notice.granted(len(partitions), self._standing_by, under_way, now, settling)
        alone = not self._ledger.others(now)
        for partition in partitions if alone else partitions[:granted]:
            self._leave(partition, group)

    def _next_look(self, plan: Plan) -> float:
        """Seconds until it."""
        regular = self._timing.eager_s if plan.lacking or plan.leave else self._timing.poll_s
        now = self._clock.monotonic()
        expiry = self._ledger.next_expiry(now)
        return regular if expiry is None else min(regular, expiry - now)

    async def _look(self) -> bool:
        """Whether the store could be read."""

        async def read() -> tuple[list[HostReport], list[Lease]]:
            return await self._hosts.alive(), await self._store.leases()

        answer = await self._call(read())
        if answer is None:
            return False
        hosts, leases = answer
        for partition in self._ledger.observe(leases, {host.id: host.at for host in hosts}, self._clock.monotonic()):
            _log.warning("Partition %d was taken by another host", partition)
            self._workers.kill(partition)
        self._given.look(hosts, leases)
        self._standing_by = sum(_free_standbys(host, leases) for host in hosts if host.id != self._ledger.host_id)
        self._set_fence()
        return True

    async def _take(self, seen: Lease) -> None:
        started = self._clock.monotonic()
        try:
            taken = await self._call(self._store.take(seen, self._ledger.host_id))
        except LeaseLost:
            return  # another host was quicker
        if taken is None or not self._ledger.taken(taken, started, self._clock.monotonic()):
            return
        _log.info("Partition %d is ours, epoch %d", taken.partition, taken.epoch)
        self._given.taken_back(taken.partition)
        self._workers.start(taken, self._ledger.alive_until()[taken.partition])
        self._set_fence()
        self._changed.set()

    def _leave(self, partition: int, group: asyncio.TaskGroup) -> None:
        _log.info("Partition %d is handed over", partition)
        self._given.add(partition)
        task = group.create_task(self._hand_over(self._ledger.leave(partition)))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _hand_over(self, lease: Lease) -> None:
        await self._workers.drain(lease.partition)
        latest = self._ledger.drop(lease)
        if latest is not None:
            await self._release(latest)

    async def _release(self, lease: Lease) -> None:
        try:
            await asyncio.wait_for(self._store.release(lease), self._timing.call_s)
        except LeaseLost:
            return  # taken, or a renewal was still on its way: the next look shows which
        except (StoreError, TimeoutError) as error:
            self._reach.failed(error)
            return
        self._ledger.released(lease, self._clock.monotonic())
        _log.info("Partition %d is free", lease.partition)

    async def _release_strays(self) -> None:
        for _ in range(_LAST_TRIES):
            if not self._ledger.strays():
                return
            if await self._look():
                await asyncio.gather(*map(self._release, self._ledger.strays()))

    async def _keep_renewing(self) -> None:
        while True:
            due = self._ledger.due(self._clock.monotonic())
            await asyncio.gather(*map(self._renew, due))
            self._changed.clear()
            next_due = self._ledger.next_due()
            wait = self._timing.renew_s if next_due is None else next_due - self._clock.monotonic()
            await until(self._changed, wait)

    async def _renew(self, partition: int) -> None:
        started = self._clock.monotonic()
        lease = self._ledger.begin_renewal(partition, started)
        if lease is None:
            return
        try:
            renewed = await self._call(self._store.renew(lease))
        except LeaseLost:
            renewed = None
            await self._look()  # to see whether somebody took it, or an earlier call of ours got through
        if renewed is None:
            self._ledger.postpone(partition, self._clock.monotonic())
        else:
            self._ledger.renewed(renewed, started, self._clock.monotonic())
        self._set_fence()

    async def _call(self, call: Awaitable[_T]) -> _T | None:
        """The answer, or None when the store gave none in time."""
        try:
            answer = await asyncio.wait_for(call, self._timing.call_s)
        except (StoreError, TimeoutError) as error:
            self._reach.failed(error)
            return None
        self._reach.worked()
        return answer

    def _fence(self) -> None:
        for partition in self._ledger.overdue(self._clock.monotonic()):
            _log.error("Partition %d was not renewed in time: its worker is killed", partition)
            self._workers.kill(partition)
        self._set_fence()

    def _set_fence(self) -> None:
        """After every change of what is held or for how long."""
        for partition, alive_until in self._ledger.alive_until().items():
            self._workers.extend(partition, alive_until)
        if self._fence_timer:
            self._fence_timer.cancel()
        at = self._ledger.next_fence()
        delay = 0.0 if at is None else max(0.0, at - self._clock.monotonic())
        self._fence_timer = None if at is None else asyncio.get_running_loop().call_later(delay, self._fence)


def _free_standbys(host: HostReport, leases: Sequence[Lease]) -> int:
    """Processes of a host that wait for a partition. Its heartbeat is older than the leases that were read after it, so
    a partition that it owns and does not report on has taken one of those it tells of."""
    reported = {worker.partition for worker in host.workers}
    return max(0, host.standbys - sum(lease.owner == host.id and lease.partition not in reported for lease in leases))
