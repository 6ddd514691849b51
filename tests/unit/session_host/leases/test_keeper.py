"""The keeper against a store in memory that can be cut off, in a time that is skipped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from session_host.leases.keeper import Keeper
from session_host.leases.ledger import Ledger
from session_host.leases.timing import Timing
from shared.models.host import HostReport, Lease, WorkerReport
from shared.store.database import StoreUnavailable
from shared.store.partitions import LeaseLost
from tests.fakes.leases import LeaseTable
from tests.fakes.loop import LoopClock, skipping


@dataclass
class Store:
    """Leases and heartbeats; `down` refuses every call, `hangs` answers none, `deaf` carries renewals out unheard."""

    table: LeaseTable
    beats: dict[str, str] = field(default_factory=dict)
    down: bool = False
    hangs: bool = False
    deaf: bool = False
    calls: int = 0
    standbys: int = 0
    reported: tuple[int, ...] = ()  # partitions whose workers the heartbeats show
    states: dict[str, int] = field(default_factory=dict)  # and the states of the instances of each
    refusals: int = 0  # of the next releases

    async def _reach(self) -> None:
        self.calls += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.down:
            raise StoreUnavailable("cut off")

    async def leases(self) -> list[Lease]:
        await self._reach()
        return self.table.read()

    async def alive(self) -> list[HostReport]:
        await self._reach()
        workers = tuple(
            WorkerReport(number, 1, self.states, memory=0, threads=1, descriptors=1) for number in self.reported
        )
        return [
            HostReport(
                id=host, started_at="", at=at, memory_used=0, memory_limit=0, standbys=self.standbys, workers=workers
            )
            for host, at in self.beats.items()
        ]

    async def take(self, seen: Lease, owner: str) -> Lease:
        await self._reach()
        return self.table.take(seen, owner)

    async def renew(self, held: Lease) -> Lease:
        await self._reach()
        renewed = self.table.renew(held)
        if self.deaf:
            raise StoreUnavailable("the answer was lost")
        return renewed

    async def release(self, held: Lease) -> None:
        await self._reach()
        self.refusals -= 1
        if self.refusals >= 0:
            raise StoreUnavailable("cut off")
        self.table.release(held)


@dataclass
class Crew:
    """Workers that only say what was asked of them."""

    log: list[tuple[str, int]] = field(default_factory=list)
    running: dict[int, Lease] = field(default_factory=dict)
    until: dict[int, float] = field(default_factory=dict)
    expected: int = 0
    may_drain: asyncio.Event = field(default_factory=asyncio.Event)
    early: dict[int, asyncio.Event] = field(default_factory=dict)

    def drained(self, partition: int) -> None:
        """This one has drained, whatever others do."""
        self.early[partition].set()

    def start(self, lease: Lease, alive_until: float) -> None:
        self.log.append(("start", lease.partition))
        self.running[lease.partition] = lease
        self.until[lease.partition] = alive_until

    def extend(self, partition: int, alive_until: float) -> None:
        self.until[partition] = alive_until

    def expect(self, count: int) -> None:
        self.expected = count

    async def drain(self, partition: int) -> None:
        self.log.append(("drain", partition))
        early = self.early.setdefault(partition, asyncio.Event())
        waits = [asyncio.create_task(event.wait()) for event in (self.may_drain, early)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        self.running.pop(partition, None)

    def kill(self, partition: int) -> None:
        self.log.append(("kill", partition))
        del self.running[partition]


@dataclass
class Site:
    store: Store
    crew: Crew
    keeper: Keeper
    stop: asyncio.Event

    def drains(self) -> int:
        return sum(what == "drain" for what, _ in self.crew.log)

    async def see(self, happened: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not happened():
                await asyncio.sleep(0.005)


@asynccontextmanager
async def a_host(lease_s: float = 2.0, partitions: int = 2) -> AsyncIterator[Site]:
    """A keeper that runs; it is stopped, and must end, when the block is left."""
    store, crew, stop = Store(LeaseTable(partitions)), Crew(), asyncio.Event()
    keeper = Keeper(Ledger("me", Timing(lease_s)), store, store, crew, LoopClock())
    crew.may_drain.set()
    async with asyncio.TaskGroup() as group:
        group.create_task(keeper.run(stop))
        yield Site(store, crew, keeper, stop)
        stop.set()


@skipping
async def test_all_is_taken_at_once_renewed_and_handed_back() -> None:
    async with a_host() as site:
        await site.see(lambda: len(site.crew.running) == 2)
        await site.see(lambda: all(lease.counter >= 3 for lease in site.store.table.read()))
        assert [what for what, _ in site.crew.log] == ["start", "start"]
    assert not site.crew.running
    assert [lease.owner for lease in site.store.table.read()] == [None, None]


@skipping
async def test_a_lease_is_renewed_until_its_drain_is_over() -> None:
    async with a_host() as site:
        await site.see(lambda: len(site.crew.running) == 2)
        site.crew.may_drain.clear()
        site.store.beats["other"], site.store.standbys = "1", 1
        await site.see(lambda: ("drain", 1) in site.crew.log)
        before = site.store.table.leases[1].counter
        await site.see(lambda: site.store.table.leases[1].counter > before)
        assert 1 in site.crew.running
        site.store.standbys = 0
        site.crew.may_drain.set()
        await site.see(lambda: site.store.table.leases[1].owner is None)
        assert list(site.crew.running) == [0]


@skipping
async def test_workers_are_told_until_when_they_may_live() -> None:
    async with a_host() as site:
        await site.see(lambda: len(site.crew.running) == 2)
        first = dict(site.crew.until)
        await site.see(lambda: all(site.crew.until[partition] > first[partition] for partition in first))
        now = LoopClock().monotonic()
        assert all(now < until <= now + Timing(2.0).fence_s for until in site.crew.until.values())


@skipping
async def test_a_partition_is_given_away_once_another_host_stands_by() -> None:
    async with a_host(lease_s=12.0) as site:  # so long that nobody's patience runs out
        await site.see(lambda: len(site.crew.running) == 2)
        site.store.beats["other"] = "1"
        calls = site.store.calls
        await site.see(lambda: site.store.calls >= calls + 6)
        assert ("drain", 1) not in site.crew.log
        site.store.standbys = 1
        await site.see(lambda: ("drain", 1) in site.crew.log)
        site.store.beats.clear()


@skipping
async def test_a_process_that_has_just_been_given_a_partition_is_not_given_another() -> None:
    async with a_host(lease_s=12.0) as site:
        await site.see(lambda: len(site.crew.running) == 2)
        site.store.beats["other"], site.store.standbys = "1", 1
        await site.see(lambda: site.store.table.read()[1].owner is None)
        site.store.table.take(site.store.table.read()[1], "other")
        site.stop.set()
        calls = site.store.calls
        await site.see(lambda: site.store.calls >= calls + 6)
        assert site.drains() == 1  # the heartbeat is from before the other host took it
        site.store.reported = (1,)
        await site.see(lambda: site.drains() == 2)


@skipping
async def test_the_next_partition_goes_when_the_sessions_of_the_last_are_connected_elsewhere() -> None:
    async with a_host(lease_s=12.0, partitions=3) as site:
        await site.see(lambda: len(site.crew.running) == 3)
        site.store.beats["other"], site.store.standbys = "1", 9
        site.stop.set()
        await site.see(lambda: site.store.table.read()[0].owner is None)
        site.store.states, site.store.reported = {"connecting": 9}, (0,)
        site.store.table.take(site.store.table.read()[0], "other")
        calls = site.store.calls
        await site.see(lambda: site.store.calls >= calls + 4)
        assert site.drains() == 1
        site.store.states = {"connected": 9}
        await site.see(lambda: site.drains() == 2)
        site.store.beats.clear()


@skipping
async def test_what_another_host_does_not_take_is_taken_back() -> None:
    async with a_host(lease_s=1.0) as site:
        await site.see(lambda: len(site.crew.running) == 2)
        site.store.beats["unable"], site.store.standbys = "1", 1
        await site.see(lambda: ("drain", 1) in site.crew.log)
        await site.see(lambda: site.crew.running.get(1, Lease(1)).epoch == 2)
        site.store.beats.clear()


@skipping
async def test_a_look_that_failed_leaves_the_processes_that_stand_by_alone() -> None:
    async with a_host() as site:
        await site.see(lambda: len(site.crew.running) == 2)
        site.crew.expected = 5
        site.store.down = True
        calls = site.store.calls
        await site.see(lambda: site.store.calls >= calls + 6)
        assert site.crew.expected == 5
        site.store.down = False


@skipping
async def test_told_to_stop_in_the_middle_of_sharing_it_gives_several_at_once() -> None:
    async with a_host(lease_s=12.0, partitions=16) as site:
        await site.see(lambda: len(site.crew.running) == 16)
        site.crew.may_drain.clear()
        site.store.beats["other"], site.store.standbys = "1", 16
        await site.see(lambda: site.drains() == 1)
        site.stop.set()
        await site.see(lambda: site.drains() == 2)
        site.store.beats.clear()
        site.crew.may_drain.set()


@skipping
async def test_a_host_that_stops_serves_until_others_stand_by() -> None:
    async with a_host(lease_s=6.0) as site:
        await site.see(lambda: len(site.crew.running) == 2)
        site.store.beats["other"] = "1"
        site.stop.set()
        calls = site.store.calls
        await site.see(lambda: site.store.calls >= calls + 6)
        assert len(site.crew.running) == 2
        site.store.standbys = 2
        await site.see(lambda: not site.crew.running)


@pytest.mark.parametrize("trouble", ["down", "hangs"])
@skipping
async def test_cut_off_it_kills_its_workers_and_takes_up_again_afterwards(
    trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_host(lease_s=0.6) as site:
        await site.see(lambda: len(site.crew.running) == 2)
        setattr(site.store, trouble, True)
        await site.see(lambda: not site.crew.running)
        assert {("kill", 0), ("kill", 1)} <= set(site.crew.log)
        setattr(site.store, trouble, False)
        await site.see(lambda: len(site.crew.running) == 2)
        assert all(lease.epoch > 1 for lease in site.crew.running.values())
    said = [record.message for record in caplog.records if "cannot be reached" in record.message]
    assert len(said) == 1


@skipping
async def test_renewals_whose_answers_are_lost_keep_the_lease() -> None:
    async with a_host() as site:
        await site.see(lambda: len(site.crew.running) == 2)
        site.store.deaf = True
        await site.see(lambda: all(lease.counter >= 5 for lease in site.store.table.read()))
        assert ("kill", 0) not in site.crew.log
        site.store.deaf = False


@skipping
async def test_a_lease_that_somebody_took_is_lost_at_once_and_left_alone() -> None:
    async with a_host() as site:
        await site.see(lambda: len(site.crew.running) == 2)
        site.store.beats["thief"] = "1"
        thief = site.store.table.take(site.store.table.leases[0], "thief")
        await site.see(lambda: ("kill", 0) in site.crew.log)
        with pytest.raises(LeaseLost):
            site.store.table.renew(Lease(0, "me", thief.counter - 1, thief.epoch - 1))


@skipping
async def test_a_lease_given_up_by_a_fenced_worker_is_taken_again_if_nobody_has_it() -> None:
    async with a_host() as site:
        await site.see(lambda: len(site.crew.running) == 2)
        site.keeper.give_up(site.crew.running.pop(0))
        await site.see(lambda: site.crew.running.get(0, Lease(0)).epoch == 2)


@skipping
async def test_stopping_while_cut_off_ends_too() -> None:
    async with a_host() as site:
        await site.see(lambda: len(site.crew.running) == 2)
        site.store.down = True
    assert not site.crew.running


@skipping
async def test_a_release_that_fails_is_tried_again_while_others_still_drain() -> None:
    async with a_host() as site:
        await site.see(lambda: len(site.crew.running) == 2)
        site.crew.may_drain.clear()
        site.store.refusals = 2
        site.stop.set()
        await site.see(lambda: site.drains() == 2)
        site.crew.drained(0)
        await site.see(lambda: site.store.table.leases[0].owner is None)
        assert list(site.crew.running) == [1]
        site.crew.may_drain.set()
