"""One partition's worker, as a real process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from session_host.host.backoff import Backoff
from session_host.host.standbys import Program, Standbys
from session_host.host.worker import End, Worker
from shared.models.host import Lease, WorkerReport

PROGRAM = Path(__file__).parent / "worker_program.py"
LEASE = Lease(3, "host-1_x", counter=7, epoch=5)
REPORT: dict[str, Any] = {
    "partition": 3,
    "pid": 1,
    "states": {"connected": 2},
    "memory": 10,
    "threads": 2,
    "descriptors": 9,
    "ended": 4,
    "stuck": 1,
    "oldest_command": 0,
}


@dataclass
class Bench:
    """Where a test's worker runs; every change of its report is kept."""

    folder: Path
    group: asyncio.TaskGroup
    standbys: Standbys = field(init=False)
    worker: Worker = field(init=False)
    reports: list[object] = field(default_factory=list)

    def make(self, *steps: str, drain_s: float = 30.0, backoff_s: float = 0.01) -> Worker:
        program = Program(
            (sys.executable, "-IS", str(PROGRAM), *steps),
            {"PATH": os.environ["PATH"], "COLOUR": "blue"},
            "host-1_x",
            pid_files=str(self.folder / "host-1-worker-"),
            drain_s=drain_s,
            backoff=lambda: Backoff(first=backoff_s, most=backoff_s),
        )
        self.standbys = Standbys(program, self.group, lambda: None)
        until = time.monotonic() + 1000.0
        self.worker = Worker(LEASE, until, program, self.standbys, lambda: self.reports.append(self.worker.report))
        return self.worker

    def file(self, name: str) -> str:
        return str(self.folder / name)

    def order(self, name: str) -> dict[str, Any]:
        said: dict[str, Any] = json.loads((self.folder / name).read_text())
        return said

    def pid(self, name: str) -> int:
        return int((self.folder / name).read_text())

    async def see(self, happened: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not happened():
                await asyncio.sleep(0.01)

    async def see_file(self, name: str) -> None:
        await self.see((self.folder / name).exists)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with asyncio.TaskGroup() as group:
        bench = Bench(tmp_path, group)
        yield bench
        bench.worker.kill()
        bench.standbys.close()


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def is_running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


async def test_it_runs_under_its_lease_and_drains_on_request(bench: Bench) -> None:
    worker = bench.make(
        f"env:{bench.file('env')}", f"orders:{bench.file('order')}", f"note:{bench.file('pid')}", "wait"
    )
    running = asyncio.create_task(worker.run())
    await bench.see_file("pid")
    env = json.loads((bench.folder / "env").read_text())
    told = {name: value for name, value in env.items() if name.startswith("HIVEWP_")}
    assert all(told.pop(f"HIVEWP_WORKER_{name}_FD").isdecimal() for name in ("REPORT", "ORDERS", "BOARD", "LOG"))
    assert told == {"HIVEWP_HOST_ID": "host-1_x"}
    order = bench.order("order")
    assert order["work"] == {"partition": 3, "counter": 7, "epoch": 5}
    assert (order["cautious"], order["first"], order["aside"]) == (False, [], [])
    assert 900 < order["until"] - time.monotonic() < 1000
    assert env["COLOUR"] == "blue"
    assert bench.pid("host-1-worker-3.pid") == bench.pid("pid")
    await worker.drain()
    assert await running is End.DRAINED
    assert not is_running(bench.pid("pid"))
    assert not (bench.folder / "host-1-worker-3.pid").exists()


async def test_its_report_is_known_while_it_runs(bench: Bench) -> None:
    worker = bench.make('say:{"ready": true}', "say:nonsense", f"say:{json.dumps(REPORT)}", "wait")
    running = asyncio.create_task(worker.run())
    await bench.see(lambda: worker.report)
    await worker.drain()
    await running
    assert bench.reports == [WorkerReport(**REPORT), None]


async def test_a_crash_is_followed_by_another_start(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    worker = bench.make("exit:7")
    running = asyncio.create_task(worker.run())
    await bench.see(lambda: len([one for one in caplog.messages if "Worker 3 ended with 7" in one]) >= 3)
    worker.kill()
    assert await running is End.KILLED


async def test_a_command_that_cannot_be_started_is_tried_again(
    bench: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr("subprocess.Popen", refuse)
    running = asyncio.create_task(bench.make("wait").run())
    await bench.see(lambda: "could not be started: no more processes" in caplog.text)
    monkeypatch.undo()
    await bench.see_file("host-1-worker-3.pid")
    await bench.worker.drain()
    assert await running is End.DRAINED


async def test_a_worker_whose_writes_were_refused_is_not_started_again(bench: Bench) -> None:
    assert await bench.make("exit:3").run() is End.FENCED


async def test_one_that_does_not_drain_is_killed(bench: Bench) -> None:
    worker = bench.make("deaf", f"note:{bench.file('pid')}", "wait", drain_s=0.05)
    running = asyncio.create_task(worker.run())
    await bench.see_file("pid")
    await worker.drain()
    assert await running is End.KILLED
    assert not is_running(bench.pid("pid"))


@pytest.mark.parametrize("end", ["kill", "exit", "cancel"])
async def test_what_it_started_ends_with_it(bench: Bench, end: str) -> None:
    worker = bench.make("deaf", f"child:{bench.file('child')}", "exit:3" if end == "exit" else "wait")
    running = asyncio.create_task(worker.run())
    await bench.see_file("child")
    if end == "kill":
        worker.kill()
    if end == "cancel":
        running.cancel()
    await asyncio.wait([running])
    await bench.see(lambda: not is_running(bench.pid("child")))


async def test_drained_while_it_waits_to_start_again_it_is_gone_at_once(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    worker = bench.make("exit:1", backoff_s=1000.0)
    running = asyncio.create_task(worker.run())
    await bench.see(lambda: "starts again in 1000 s" in caplog.text)
    await worker.drain()
    assert await running is End.DRAINED


async def test_it_is_told_of_each_renewal(bench: Bench) -> None:
    worker = bench.make(f"orders:{bench.file('order')}", f"more:{bench.file('more')}", "wait")
    running = asyncio.create_task(worker.run())
    await bench.see_file("order")
    same = bench.order("order")["until"]
    worker.extend(same)
    worker.extend(same + 5)
    await bench.see_file("more")
    assert bench.order("more") == {"until": same + 5}
    await worker.drain()
    await running


async def test_a_worker_that_never_reads_its_orders_holds_up_nobody(bench: Bench) -> None:
    worker = bench.make(f"note:{bench.file('pid')}", "wait")
    running = asyncio.create_task(worker.run())
    await bench.see_file("pid")
    for number in range(10_000):
        worker.extend(2e9 + number)
    await worker.drain()
    assert await running is End.DRAINED


async def test_a_death_by_its_own_alarm_is_told_in_plain_words(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    worker = bench.make(f"die:{signal.SIGALRM.value}")
    running = asyncio.create_task(worker.run())
    await bench.see(lambda: "was not told in time that its lease goes on, and ended itself" in caplog.text)
    worker.kill()
    await running


async def test_a_session_that_keeps_crashing_it_is_set_aside(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    die = f"die:{signal.SIGABRT.value}"
    steps = [f"once:{bench.file(name)}" for name in "abc"]
    crashes = [step for one in steps for step in (one, die)]
    worker = bench.make(f"orders:{bench.file('order')}", "board:acme#shop-1", *crashes, 'say:{"ready": true}', "wait")
    running = asyncio.create_task(worker.run())
    await bench.see(lambda: "is ready" in caplog.text)
    order = bench.order("order")
    assert (order["cautious"], order["first"], order["aside"]) == (True, [], ["acme#shop-1"])
    assert "acme#shop-1 is set aside" in caplog.text
    await worker.drain()
    await running


async def test_kills_from_outside_are_nobodys_fault(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    worker = bench.make("board:acme#shop-1", f"die:{signal.SIGKILL.value}")
    running = asyncio.create_task(worker.run())
    await bench.see(lambda: len([one for one in caplog.messages if "ended with -9" in one]) >= 5)
    worker.kill()
    await running
    assert "set aside" not in caplog.text


async def test_one_that_stood_by_gets_the_work(bench: Bench) -> None:
    worker = bench.make(f"note:{bench.file('pid')}", 'say:{"warm": true}', f"orders:{bench.file('order')}", "wait")
    bench.standbys.want("test", 1)
    assert await bench.standbys.one_warm(20)
    pid = bench.pid("pid")
    bench.standbys.want("test", 0)
    bench.standbys.want("test", 1)
    running = asyncio.create_task(worker.run())
    await bench.see_file("order")
    assert bench.standbys.warm == 0
    assert bench.pid("host-1-worker-3.pid") == bench.pid("pid")
    await worker.drain()
    await running
    await bench.see(lambda: not is_running(pid))


async def test_a_worn_one_is_replaced_without_an_error(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    worker = bench.make(
        'say:{"warm": true}', f"orders:{bench.file('order')}", 'say:{"ready": true}', "wait", backoff_s=99
    )
    running = asyncio.create_task(worker.run())
    await bench.see(lambda: "is ready" in caplog.text)
    first = bench.pid("host-1-worker-3.pid")
    bench.standbys.want("test", 1)
    assert await bench.standbys.one_warm(20)
    await worker.replace("memory 2 of 1")
    assert bench.standbys.warm == 0
    assert bench.pid("host-1-worker-3.pid") != first
    assert not is_running(first)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    await worker.drain()
    assert await running is End.DRAINED


async def test_nothing_stays_open(bench: Bench) -> None:
    await bench.make("exit:3").run()
    before = open_descriptors()
    for _ in range(3):
        await bench.make("exit:3").run()
    assert open_descriptors() == before


async def test_it_works_without_its_pid_file(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    (bench.folder / "host-1-worker-3.pid").mkdir()
    worker = bench.make(f"note:{bench.file('pid')}", "wait")
    running = asyncio.create_task(worker.run())
    await bench.see_file("pid")
    await worker.drain()
    assert await running is End.DRAINED
    assert "pid file" in caplog.text
