"""A whole run, its parts replaced by tiny processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from local.settings import StackSettings
from local.stack.keeper import PartFailed
from local.stack.lock import AlreadyRuns
from local.stack.part import Part
from local.stack.parts import Plan
from local.stack.stack import run_stack
from shared.settings import BadSetting

LIVE = "import time; time.sleep(600)"


@pytest.fixture
def code(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the one part of the stack runs."""
    code = [LIVE]

    def parts(plan: Plan, provision: Callable[[], Awaitable[None]]) -> list[Part]:
        async def ready() -> bool:
            return code[0] == LIVE

        return [Part("only", [sys.executable, "-c", code[0]], dict(plan.environ), plan.files.data, ready)]

    monkeypatch.setattr("local.stack.stack.all_parts", parts)
    return code


def settings(folder: Path, **env: str) -> StackSettings:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return StackSettings.parse({"HIVEWP_DATA": str(folder), "HIVEWP_WHATSAPP": "live", "HIVEWP_PORT": str(port)} | env)


async def run(settings: StackSettings, ready: Callable[[Plan], None] | None = None) -> list[str]:
    """A run that is stopped by SIGTERM as soon as it is ready; what was said."""
    said: list[str] = []

    def when_ready(plan: Plan) -> None:
        if ready is not None:
            ready(plan)
        os.kill(os.getpid(), signal.SIGTERM)

    await run_stack(settings, os.environ, said.append, when_ready)
    return said


async def test_a_run_from_start_to_a_clean_stop(tmp_path: Path, code: list[str]) -> None:
    pids: list[int] = []
    chosen = settings(tmp_path, HIVEWP_API_KEY="mine")
    said = await run(chosen, lambda plan: pids.append(int(plan.files.pid("only").read_text())))
    assert not psutil.pid_exists(pids[0])
    assert said[-1].startswith("stopped")
    assert (tmp_path / "api-key").read_text() == "mine\n"
    assert json.loads((tmp_path / "ports.json").read_text())["HIVEWP_PORT"] == chosen.port


async def test_keys_that_were_made_stay_the_same(tmp_path: Path, code: list[str]) -> None:
    seen: list[tuple[str, str]] = []
    for _ in range(2):
        await run(settings(tmp_path), lambda plan: seen.append((plan.files.api_key.read_text(), plan.sealing_key)))
    assert seen[0] == seen[1]
    assert seen[0][0].startswith("hwp_")


async def test_a_second_run_on_the_folder_is_refused_and_the_first_goes_on(tmp_path: Path, code: list[str]) -> None:
    refused: list[BaseException | None] = []

    async def second() -> None:
        with pytest.raises(AlreadyRuns) as refusal:
            await run_stack(settings(tmp_path), os.environ, lambda line: None, lambda plan: None)
        refused.append(refusal.value)
        os.kill(os.getpid(), signal.SIGTERM)

    tasks: list[asyncio.Task[None]] = []
    said: list[str] = []
    await run_stack(
        settings(tmp_path), os.environ, said.append, lambda plan: tasks.append(asyncio.create_task(second()))
    )
    await tasks[0]
    assert str(tmp_path) in str(refused[0])
    assert said[-1].startswith("stopped")


async def test_a_taken_port_starts_nothing(tmp_path: Path, code: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(BadSetting, match="HIVEWP_PORT"):
        await run(settings(tmp_path, HIVEWP_PORT=str(other.getsockname()[1])))
    assert not (tmp_path / "logs" / "only.log").exists()
    await run(settings(tmp_path))  # the folder is free


async def test_a_part_that_cannot_start_ends_the_run(tmp_path: Path, code: list[str]) -> None:
    code[0] = "import sys; sys.exit('no such luck')"
    with pytest.raises(PartFailed, match="no such luck"):
        await run(settings(tmp_path))


async def test_a_stop_while_parts_are_starting_is_a_clean_one(tmp_path: Path, code: list[str]) -> None:
    code[0] = "import time; time.sleep(601)"  # never ready
    running = asyncio.create_task(run_stack(settings(tmp_path), os.environ, lambda line: None, lambda plan: None))
    while not (tmp_path / "run" / "only.pid").exists():
        await asyncio.sleep(0.02)
    os.kill(os.getpid(), signal.SIGINT)
    await running
    assert not (tmp_path / "run" / "only.pid").exists()


async def test_a_folder_belongs_to_one_whatsapp(tmp_path: Path, code: list[str]) -> None:
    await run(settings(tmp_path))
    local = {"HIVEWP_WHATSAPP": "local", "HIVEWP_WHATSAPP_PORT": str(settings(tmp_path).port)}
    with pytest.raises(BadSetting, match="HIVEWP_WHATSAPP=live"):
        await run(settings(tmp_path, **local))


async def test_partitions_may_become_more_but_not_less(tmp_path: Path, code: list[str]) -> None:
    for count in ("2", "4"):
        await run(settings(tmp_path, HIVEWP_PARTITIONS=count))
    with pytest.raises(BadSetting, match=r"HIVEWP_PARTITIONS.*4"):
        await run(settings(tmp_path, HIVEWP_PARTITIONS="3"))


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, code: list[str]) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadSetting, match="HIVEWP_DATA"):
        await run(settings(tmp_path / "file" / "data"))
