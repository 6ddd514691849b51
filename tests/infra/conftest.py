"""The templates that all tests of the infrastructure look at: synthesised once per test run, whoever comes first."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra import NODE
from infra.stages import DEV, PROD, Stage

ROOT = Path(__file__).resolve().parent.parent.parent
SYNTHESISE = Path(__file__).with_name("synthesise.py")
SYNTHESIS_S = 300  # 15 s as a rule, a minute of two cores on a fresh clone, where CDK is unpacked and compiled
TEST_S = 400  # whichever test comes first has the synthesis in its time
UNPACKED = Path.home() / ".cache" / "aws" / "jsii" / "package-cache"  # jsii's own place: unpacking CDK takes 20 s

Template = dict[str, Any]
Synthesis = Callable[[str], Template]


def of_type(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """The resources of one type by their logical ids."""
    return {name: made for name, made in template["Resources"].items() if made["Type"] == kind}


def properties(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """What the resources of one type are told, by their logical ids."""
    return {name: made["Properties"] for name, made in of_type(template, kind).items()}


@pytest.fixture(params=[DEV, PROD], ids=lambda stage: stage.name)
def stage(request: pytest.FixtureRequest) -> Stage:
    """Each of the two stages."""
    found: Stage = request.param
    return found


@pytest.fixture
def service(template: Synthesis, stage: Stage) -> Template:
    """The service stack of the stage."""
    return template(stage.prefix)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves time for the synthesis to all tests here that do not say how long they take."""
    for item in items:
        if Path(__file__).parent in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TEST_S))


def environment(home: Path) -> dict[str, str]:
    """Of the synthesis: no credentials, no home where it could find some, no PATH where it could find docker."""
    env = {"HOME": str(home), "PYTHONPATH": str(ROOT), "JSII_NODE": str(NODE)}
    return {**env, "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(UNPACKED)}


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of the synthesised app, shared by all workers of the test run. Nothing in it may be changed."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    folder = shared / "assembly"
    with (shared / "assembly.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "manifest.json").exists():
            _synthesise(folder)
    return folder


def _synthesise(folder: Path) -> None:
    env = environment(folder.parent)
    command = [sys.executable, str(SYNTHESISE), str(folder)]
    done = subprocess.run(
        command, env=env, cwd=folder.parent, capture_output=True, text=True, check=False, timeout=SYNTHESIS_S
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def template(assembly: Path) -> Synthesis:
    """The template of a stack by its name, such as `hivewp-prod-data`."""

    def read(stack: str) -> Template:
        parsed: Template = json.loads((assembly / f"{stack}.template.json").read_text())
        return parsed

    return read
