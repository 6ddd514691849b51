"""The supervisor with real, tiny processes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
import pytest

from local.stack.files import StackFiles
from local.stack.keeper import PartFailed
from local.stack.part import Part
from local.stack.ready import all_there
from local.stack.supervisor import Supervisor

LIVE = "import pathlib, os, time; pathlib.Path(os.environ['READY']).touch(); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + LIVE
HANG = "import time; print('half way', flush=True); time.sleep(600)"
NOTES_ITS_END = """
import os, pathlib, signal, sys, time
def end(*_):
    with open(os.environ['ENDS'], 'a') as ends: ends.write(os.environ['NAME'] + ' ')
    sys.exit()
signal.signal(signal.SIGTERM, end)
pathlib.Path(os.environ['READY']).touch()
time.sleep(600)
"""


@dataclass
class Said:
    """What was said on the terminal, and a way to wait for it."""

    lines: list[str] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        self.more.set()

    async def wait_for(self, *words: str) -> str:
        while True:
            for line in self.lines:
                if all(word in line for word in words):
                    return line
            self.more.clear()
            await self.more.wait()


class Desk:
    """Makes parts in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.files = StackFiles(folder)
        self.files.make()
        self.said = Said()

    def part(self, name: str, code: str, *, after: tuple[str, ...] = (), **limits: float) -> Part:
        mark = f"{name}-worker-0.pid"
        env = {"READY": str(self.files.run / mark), "NAME": name, "ENDS": str(self.files.data / "ends")}
        return Part(
            name,
            [sys.executable, "-c", code],
            {**os.environ, **env},
            self.files.data,
            ready=all_there(self.files.run, [mark]),
            after=after,
            **limits,  # type: ignore[arg-type]
        )

    def pid(self, name: str) -> int:
        return int(self.files.pid(name).read_text())

    @asynccontextmanager
    async def running(self, *parts: Part) -> AsyncIterator[Supervisor]:
        supervisor = Supervisor(parts, self.files, self.said)
        try:
            await supervisor.start()
            yield supervisor
        finally:
            await supervisor.stop()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "data")


async def test_parts_run_with_their_pid_written_and_end_with_it_removed(desk: Desk) -> None:
    async with desk.running(desk.part("one", LIVE), desk.part("two", LIVE, after=("one",))):
        pids = [desk.pid("one"), desk.pid("two")]
        assert all(psutil.pid_exists(pid) for pid in pids)
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert list(desk.files.run.glob("*.pid")) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_part_that_dies_is_started_again_and_said_so(desk: Desk, number: signal.Signals) -> None:
    async with desk.running(desk.part("one", LIVE)):
        pid = desk.pid("one")
        os.kill(pid, number)
        await desk.said.wait_for("one was killed by", number.name, "starting it again")
        await desk.said.wait_for("one is back")
        assert desk.pid("one") != pid
        assert psutil.pid_exists(desk.pid("one"))


async def test_what_must_follow_a_start_follows_a_restart_too(desk: Desk) -> None:
    done: list[int] = []

    async def then() -> None:
        done.append(desk.pid("one"))

    part = desk.part("one", LIVE)
    async with desk.running(Part(part.name, part.argv, part.env, part.cwd, part.ready, then)):
        os.kill(desk.pid("one"), signal.SIGKILL)
        await desk.said.wait_for("one is back")
        assert len(set(done)) == 2


async def test_children_of_a_dead_part_do_not_outlive_it(desk: Desk) -> None:
    child = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); {LIVE}"
    async with desk.running(desk.part("one", child)):
        (orphan,) = psutil.Process(desk.pid("one")).children()
        os.kill(desk.pid("one"), signal.SIGKILL)
        await desk.said.wait_for("one is back")
        await gone(orphan)


async def test_a_part_that_keeps_dying_is_tried_again_after_ever_longer_pauses(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.stack.keeper.FIRST_PAUSE_S", 0.01)
    mark = desk.files.data / "once"
    code = f"import os, sys; os.path.exists({str(mark)!r}) and sys.exit(9); open({str(mark)!r}, 'w'); {LIVE}"
    async with desk.running(desk.part("one", code)):
        os.kill(desk.pid("one"), signal.SIGKILL)
        await desk.said.wait_for("ended with code 9 before it was ready")
        mark.unlink()
        await desk.said.wait_for("one is back")


async def test_parts_are_stopped_before_what_they_need(desk: Desk) -> None:
    async with desk.running(
        desk.part("base", NOTES_ITS_END),
        desk.part("middle", NOTES_ITS_END, after=("base",)),
        desk.part("top", NOTES_ITS_END, after=("base", "middle")),
    ):
        pass
    assert (desk.files.data / "ends").read_text().split() == ["top", "middle", "base"]


async def test_a_part_that_does_not_stop_is_killed_and_said_so(desk: Desk) -> None:
    async with desk.running(desk.part("one", STUBBORN, stop_timeout_s=0.2)):
        pid = desk.pid("one")
    assert not psutil.pid_exists(pid)
    await desk.said.wait_for("one did not stop within 0.2 s and was killed")


@pytest.mark.parametrize(
    ("script", "timeout_s", "words"),
    [
        ("echo cannot go on; exit 3", 60, ["bad ended with code 3 before it was ready", "cannot go on"]),
        ("echo half way; exec sleep 600", 2, ["bad was not ready after 2 s", "half way"]),  # a shell is quick to start
    ],
)
async def test_a_start_that_fails_tells_why_and_leaves_nothing(
    desk: Desk, script: str, timeout_s: float, words: list[str]
) -> None:
    bad = desk.part("bad", "", after=("good",), ready_timeout_s=timeout_s)
    parts = [
        desk.part("good", LIVE),
        replace(bad, argv=["/bin/sh", "-c", script]),
        desk.part("never", LIVE, after=("bad",)),
    ]
    before = living_children()
    with pytest.raises(PartFailed) as failure:
        async with desk.running(*parts):
            pass
    for word in words:
        assert word in str(failure.value)
    assert not desk.files.log("never").exists()
    while not living_children() <= before:  # what was killed may take a moment to die
        await asyncio.sleep(0.02)


def living_children() -> set[psutil.Process]:
    """The processes below this one; other tests may have some too."""
    return {p for p in psutil.Process().children(recursive=True) if p.status() != psutil.STATUS_ZOMBIE}


async def test_a_part_that_need_not_be_ready_counts_as_such_after_its_time(desk: Desk) -> None:
    patient = replace(desk.part("slow", HANG, ready_timeout_s=0.2), must_be_ready=False)
    async with desk.running(patient, desk.part("other", LIVE, after=("slow",))):
        assert psutil.pid_exists(desk.pid("slow"))


async def test_a_program_that_is_not_there_is_a_failed_start(desk: Desk) -> None:
    part = Part("one", ["/no/such/program"], {}, desk.files.data, ready=all_there(desk.files.run, ["x"]))
    with pytest.raises(PartFailed, match="/no/such/program"):
        async with desk.running(part):
            pass


async def test_when_the_supervisor_is_killed_no_part_is_left(desk: Desk, tmp_path: Path) -> None:
    script = tmp_path / "supervise.py"
    script.write_text(SUPERVISE)
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, str(script), str(desk.files.data), stdout=asyncio.subprocess.PIPE
    )
    assert supervisor.stdout is not None
    await supervisor.stdout.readuntil(b"all up\n")
    parts = [psutil.Process(desk.pid(name)) for name in ("plain", "saving")]
    supervisor.kill()
    await supervisor.wait()
    for part in parts:
        await gone(part)
    assert (desk.files.data / "ends").read_text() == "saving ", "the part that must save its state could"


SUPERVISE = f"""
import asyncio, os, signal, sys
from dataclasses import replace
from pathlib import Path
from local.stack.files import StackFiles
from local.stack.part import Part
from local.stack.ready import all_there
from local.stack.supervisor import Supervisor

files = StackFiles(Path(sys.argv[1]))

def part(name):
    mark = f"{{name}}-worker-0.pid"
    env = {{**os.environ, "READY": str(files.run / mark), "NAME": name, "ENDS": str(files.data / "ends")}}
    return Part(name, [sys.executable, "-c", {NOTES_ITS_END!r}], env, files.data, ready=all_there(files.run, [mark]))

async def main():
    parts = [part("plain"), replace(part("saving"), when_orphaned=signal.SIGTERM)]
    await Supervisor(parts, files, lambda line: None).start()
    print("all up", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def gone(process: psutil.Process) -> None:
    """Waits for the end of a process that is not our child; whether somebody has reaped it does not matter."""
    try:
        while process.status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.02)
    except psutil.NoSuchProcess:
        pass
