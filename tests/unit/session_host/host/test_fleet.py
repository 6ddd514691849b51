"""Which worker runs for a partition when leases come and go."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from session_host.host import ceilings
from session_host.host.backoff import Backoff
from session_host.host.ceilings import Ceilings
from session_host.host.fleet import Fleet
from session_host.host.standbys import Program
from shared.models.host import Lease

UNTIL = 1e9
CEILINGS = Ceilings(1 << 30, 1000, 1000, 1000, 1000)
PROGRAM = Path(__file__).parent / "worker_program.py"


def a_program(*steps: str) -> Program:
    return Program((sys.executable, "-IS", str(PROGRAM), *steps), {"PATH": os.environ["PATH"]}, "host")


async def test_a_successor_starts_when_its_predecessor_is_gone(tmp_path: Path) -> None:
    files = str(tmp_path / "w-")
    program = a_program("wait")
    program = Program(program.command, program.environment, "host", pid_files=files)
    async with asyncio.TaskGroup() as group, asyncio.timeout(20):
        fleet = Fleet(program, CEILINGS, group, lambda: None, lambda _: None)
        fleet.start(Lease(0, "host", 1, 1), UNTIL)
        while not (tmp_path / "w-0.pid").exists():
            await asyncio.sleep(0.01)
        first = (tmp_path / "w-0.pid").read_text()
        fleet.kill(0)
        fleet.start(Lease(0, "host", 2, 2), UNTIL)
        while not (tmp_path / "w-0.pid").exists() or (tmp_path / "w-0.pid").read_text() in {first, ""}:
            await asyncio.sleep(0.01)
        await fleet.drain(0)
    assert fleet.reports() == ()


async def test_a_successor_killed_before_it_started_never_runs(tmp_path: Path) -> None:
    note = tmp_path / "note"
    async with asyncio.TaskGroup() as group:
        fleet = Fleet(a_program(f"note:{note}", "wait"), CEILINGS, group, lambda: None, lambda _: None)
        fleet.start(Lease(0, "host", 1, 1), UNTIL)
        fleet.kill(0)
        fleet.start(Lease(0, "host", 2, 2), UNTIL)
        fleet.kill(0)
    assert not note.exists()


async def test_a_fenced_worker_gives_its_lease_up() -> None:
    given_up: list[Lease] = []
    async with asyncio.TaskGroup() as group:
        fleet = Fleet(a_program("exit:3"), CEILINGS, group, lambda: None, given_up.append)
        fleet.start(Lease(0, "host", 1, 1), UNTIL)
    assert given_up == [Lease(0, "host", 1, 1)]


async def test_draining_and_killing_what_is_not_there_is_harmless() -> None:
    async with asyncio.TaskGroup() as group:
        fleet = Fleet(a_program("wait"), CEILINGS, group, lambda: None, lambda _: None)
        await fleet.drain(0)
        fleet.kill(0)


async def test_a_worn_worker_is_replaced_by_one_that_stood_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(ceilings, "URGENT_AGE_S", 0.0)
    worn = {"partition": 0, "pid": 1, "states": {}, "memory": 1 << 40, "threads": 1, "descriptors": 1}
    say = f"say:{json.dumps(worn | {'ended': 0, 'stuck': 0, 'oldest_command': 0})}"
    steps = ('say:{"warm": true}', f"orders:{tmp_path / 'order'}", f"once:{tmp_path / 'worn'}", say)
    program = a_program(*steps, 'say:{"ready": true}', "wait")
    async with asyncio.TaskGroup() as group, asyncio.timeout(20):
        fleet = Fleet(program, CEILINGS, group, lambda: None, lambda _: None)
        fleet.start(Lease(0, "host", 1, 1), UNTIL)
        while len([said for said in caplog.messages if "is ready" in said]) < 2:
            await asyncio.sleep(0.01)
        assert "is replaced by a fresh process: memory" in caplog.text
        assert not [record for record in caplog.records if record.levelname == "ERROR"]
        await fleet.drain(0)
        fleet.close()
    assert fleet.standbys == 0


async def test_restarts_are_counted_beyond_the_end_of_a_worker(tmp_path: Path) -> None:
    program = a_program(f"once:{tmp_path / 'crashed'}", "exit:7", f"note:{tmp_path / 'again'}", "wait")
    quick = Program(program.command, program.environment, "host", backoff=lambda: Backoff(first=0.01))
    async with asyncio.TaskGroup() as group, asyncio.timeout(20):
        fleet = Fleet(quick, CEILINGS, group, lambda: None, lambda _: None)
        fleet.start(Lease(0, "host", 1, 1), UNTIL)
        while not (tmp_path / "again").exists():
            await asyncio.sleep(0.01)
        assert fleet.restarts == 1
        await fleet.drain(0)
    assert fleet.restarts == 1
