from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from session_host.host import figures
from session_host.host.figures import Figures, of_host
from session_host.host.sight import Sight
from shared.clock import iso
from shared.metrics import Meter
from shared.metrics.deployment import of_deployment
from shared.models.host import HostReport, Lease, WorkerReport
from shared.store.database import StoreUnavailable
from tests.fakes.clock import FakeClock


def a_worker(partition: int, **states: int) -> WorkerReport:
    return WorkerReport(partition, 1, states, 1, 1, 1)


def a_host(host_id: str, *workers: WorkerReport, at: float = 100.0) -> HostReport:
    return HostReport(id=host_id, started_at="", at=iso(at), memory_used=3, memory_limit=4, workers=workers)


def by_name(figures: Any) -> dict[str, float]:
    return {metric.name: value for metric, value in figures}


def test_a_host_says_its_sessions_and_its_share_of_memory() -> None:
    host = a_host("a", a_worker(0, connected=3, failed=1), a_worker(1, connected=2))
    assert by_name(of_host(host)) == {"SessionsPerHost": 6, "HostMemory": 75.0}
    assert by_name(of_host(a_host("a"))) == {"SessionsPerHost": 0, "HostMemory": 75.0}


def test_a_partition_counts_once_and_for_its_owner() -> None:
    leases = [Lease(0, "a", 1, 1), Lease(1, "b", 1, 2), Lease(2, None), Lease(3, "dead", 1, 1), Lease(4, "b", 1, 1)]
    hosts = [
        a_host("a", a_worker(0, connected=6, logged_out=1), a_worker(1, connected=50)),  # 1 has just gone over to b
        a_host("b", a_worker(1, connected=2, disconnected=1, pairing=4)),
    ]
    said = by_name(of_deployment(leases, hosts, 15))
    assert said["PartitionsUnowned"] == 3  # nobody's, a dead host's, and one without a worker
    assert (said["InstancesConnected"], said["InstancesDisconnected"], said["InstancesFailed"]) == (8, 1, 0)
    assert said["InstancesUnattended"] == 1
    assert said["InstancesConnectedPercent"] == 80.0  # of 8 + 1, and the one that nobody tells of


def test_no_instances_are_no_percentage() -> None:
    said = by_name(of_deployment([Lease(0, "a", 1, 1)], [a_host("a", a_worker(0, pairing=3))], 3))
    assert "InstancesConnectedPercent" not in said
    assert said["InstancesPairing"] == 3


class Scene:
    """A host among others, and the lines that it has written."""

    def __init__(self) -> None:
        self.clock = FakeClock(100.0)
        self.sight = Sight(self.clock)
        self.lines: list[dict[str, Any]] = []
        self.restarts = 0
        self.down = False
        self.full = False
        self.figures = Figures(
            Meter("hivewp-test", self.write, self.clock.unix),
            self.sight,
            self.clock,
            lambda: a_host("a", a_worker(0, connected=1)),
            lambda: self.restarts,
            self.load,
        )

    def write(self, text: str) -> None:
        if self.full:
            self.full = False
            raise OSError("no space left on device")
        self.lines += map(json.loads, text.splitlines())

    async def load(self) -> int:
        if self.down:
            raise StoreUnavailable("cut off")
        return 1

    def see(self, at: float) -> None:
        self.sight.leases = [Lease(0, "a", 1, 1)]
        self.sight.hosts = [a_host("a", a_worker(0, connected=1), at=at)]
        self.sight.reached()

    async def told(self) -> dict[str, Any]:
        await self.figures.tell()
        return self.lines[-1]


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_all_is_told_in_one_line(scene: Scene) -> None:
    scene.see(100.0)
    line = await scene.told()
    assert len(scene.lines) == 1
    assert line["Deployment"] == "hivewp-test"
    assert (line["SessionsPerHost"], line["InstancesConnected"], line["PartitionsUnowned"]) == (1, 1, 0)


async def test_restarts_are_those_since_the_last_time(scene: Scene) -> None:
    scene.restarts = 2
    assert (await scene.told())["WorkersRestarted"] == 2
    assert "WorkersRestarted" not in await scene.told()
    scene.restarts = 5
    assert (await scene.told())["WorkersRestarted"] == 3


async def test_who_has_not_seen_the_others_says_nothing_of_them(scene: Scene) -> None:
    assert "PartitionsUnowned" not in await scene.told()
    scene.see(100.0)
    scene.clock.now += 31
    line = await scene.told()
    assert "PartitionsUnowned" not in line
    assert line["SessionsPerHost"] == 1
    scene.see(scene.clock.now)
    scene.down = True
    assert "PartitionsUnowned" not in await scene.told()


async def test_a_host_whose_heartbeat_is_old_attends_to_nothing(scene: Scene) -> None:
    scene.clock.now += 40
    scene.see(100.0)
    assert (await scene.told())["PartitionsUnowned"] == 1


async def test_they_are_told_until_the_host_stops(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "EVERY_S", 0.001)
    stop = asyncio.Event()
    running = asyncio.create_task(scene.figures.run(stop))
    async with asyncio.timeout(20):
        while len(scene.lines) < 2:
            await asyncio.sleep(0.001)
    stop.set()
    await running


async def test_nobody_is_asked_where_nobody_listens(scene: Scene) -> None:
    off = Figures(Meter.of("off", "x"), scene.sight, scene.clock, a_host, lambda: 0, scene.load)  # type: ignore[arg-type]
    await off.run(asyncio.Event())


async def test_what_cannot_be_told_ends_no_host(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(figures, "EVERY_S", 0.001)
    scene.full = True
    stop = asyncio.Event()
    running = asyncio.create_task(scene.figures.run(stop))
    async with asyncio.timeout(20):
        while not scene.lines:
            await asyncio.sleep(0.001)
    stop.set()
    await running
    assert "no space left" in caplog.text


async def test_what_was_counted_last_is_told_when_the_host_stops(scene: Scene) -> None:
    scene.restarts = 2
    stop = asyncio.Event()
    stop.set()
    await scene.figures.run(stop)
    (line,) = scene.lines
    assert line["WorkersRestarted"] == 2
    assert "SessionsPerHost" not in line
    scene.full, scene.restarts = True, 3
    await scene.figures.run(stop)
