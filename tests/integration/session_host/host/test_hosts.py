"""Session hosts as real processes that share partitions through a DynamoDB that answers over the wire."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time

import psutil

from session_host.health import trouble
from shared.clock import SystemClock
from shared.store.hosts import Hosts
from shared.store.partitions import Partitions
from tests.conftest import PARTITIONS, ROOT
from tests.integration.session_host.host.site import PATIENCE_S, Note, Site


def of(notes: list[Note], name: str) -> list[Note]:
    """The notes of one host's workers."""
    return [note for note in notes if note.host.startswith(f"{name}_")]


async def owners(site: Site) -> list[str | None]:
    leases = await Partitions(site.deployment.database, PARTITIONS).leases()
    return [lease.owner.split("_")[0] if lease.owner else None for lease in leases]


async def test_a_host_takes_all_partitions_reports_and_hands_everything_back(site: Site) -> None:
    alive = site.folder / "health" / "alive"
    site.env = {"HIVEWP_HEALTH_FILE": str(alive), "HIVEWP_METRICS": "emf", "TEST_FIGURES_S": "0.2"}
    host = await site.start("host-1")
    await site.see(lambda: len(site.notes("start")) == PARTITIONS)
    started = site.notes("start")
    pid_files = {path.name: int(path.read_text()) for path in (site.folder / "run").iterdir()}
    assert pid_files == {f"host-1-worker-{note.partition}.pid": note.pid for note in started}

    hosts = Hosts(site.deployment.database, SystemClock())
    async with asyncio.timeout(PATIENCE_S):
        while not (reports := await hosts.alive()) or len(reports[0].workers) < PARTITIONS:
            await asyncio.sleep(0.1)
    (report,) = reports
    assert {(one.partition, one.pid) for one in report.workers} == {(note.partition, note.pid) for note in started}
    assert report.workers[0].states == {"connected": 3}
    assert 0 < report.memory_used < report.memory_limit
    await site.see(lambda: '"InstancesConnected":6' in site.log("host-1"))
    told = [json.loads(line) for line in site.log("host-1").splitlines() if line.startswith('{"_aws"')][-1]
    assert (told["Deployment"], told["SessionsPerHost"]) == (site.deployment.settings.prefix, 3 * PARTITIONS)
    assert (told["PartitionsUnowned"], told["InstancesConnectedPercent"]) == (0, 100)
    assert 0 < told["HostMemory"] < 100
    await site.see(alive.exists)
    assert trouble(alive.read_text(), time.monotonic()) is None

    children = psutil.Process(host.pid).children(recursive=True)
    assert len(children) == 2 * PARTITIONS
    host.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(host.wait(), PATIENCE_S) == 0
    assert {note.pid for note in site.notes("drained")} == {note.pid for note in started}
    assert (await asyncio.to_thread(psutil.wait_procs, children, PATIENCE_S))[1] == []
    assert await owners(site) == [None] * PARTITIONS
    assert await hosts.alive() == []
    assert list((site.folder / "run").iterdir()) == []
    assert not alive.exists()


async def test_a_joining_host_gets_its_share_by_hand_over_and_a_killed_ones_share_is_taken(site: Site) -> None:
    first = await site.start("host-1")
    await site.see(lambda: len(site.notes("start")) == PARTITIONS)
    await site.start("host-2")
    await site.see(lambda: len(of(site.notes("start"), "host-2")) == 1)
    (moved,) = of(site.notes("start"), "host-2")
    (drained,) = site.notes("drained")
    assert drained.partition == moved.partition
    assert moved.epoch == drained.epoch + 1
    assert sorted(str(owner) for owner in await owners(site)) == ["host-1", "host-2"]

    orphans = psutil.Process(first.pid).children(recursive=True)
    assert len(orphans) == 2
    first.kill()
    await first.wait()
    assert (await asyncio.to_thread(psutil.wait_procs, orphans, PATIENCE_S))[1] == []
    await site.see(lambda: len(of(site.notes("start"), "host-2")) == PARTITIONS)
    taken = of(site.notes("start"), "host-2")[-1]
    assert taken.epoch == 2
    assert await owners(site) == ["host-2"] * PARTITIONS
    assert len(site.notes("drained")) == 1


async def test_the_workers_of_a_frozen_host_are_dead_before_another_host_takes_over(site: Site) -> None:
    frozen = await site.start("host-1")
    await site.see(lambda: len(site.notes("start")) == PARTITIONS)
    frozen.send_signal(signal.SIGSTOP)
    await site.start("host-2")
    killed = [psutil.Process(note.pid) for note in of(site.notes("start"), "host-1")]
    await site.see(lambda: bool(of(site.notes("start"), "host-2")))
    taken = of(site.notes("start"), "host-2")[0].partition
    (before,) = [note.pid for note in of(site.notes("start"), "host-1") if note.partition == taken]
    assert psutil.Process(before).status() == psutil.STATUS_ZOMBIE
    await site.see(lambda: len(of(site.notes("start"), "host-2")) == PARTITIONS)
    frozen.send_signal(signal.SIGCONT)
    await asyncio.to_thread(psutil.wait_procs, killed, PATIENCE_S)
    await site.see(lambda: len(of(site.notes("start"), "host-1")) > PARTITIONS)
    assert "not renewed in time" in site.log("host-1")
    epochs = [(note.partition, note.epoch) for note in site.notes("start")]
    assert len(set(epochs)) == len(epochs)


async def test_settings_that_cannot_be_used_are_named(site: Site) -> None:
    host = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "session_host", env={}, cwd=ROOT, stderr=asyncio.subprocess.PIPE
    )
    _, said = await host.communicate()
    assert host.returncode == 1
    assert said.decode().strip() == "session host: HIVEWP_SEALING_KEY must be set"
