"""What a cold start in Lambda pays for: the modules that the entry points import, and the time that it takes."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

import pytest

from tests.conftest import ROOT

# what Lambda has no use for, or only some calls need
NEVER = {
    "aws_cdk",
    "boto3",
    "fastapi_offline",
    "google",  # protobuf: what exports spans imports it
    "infra",
    "jinja2",
    "local",
    "neonize",
    "phonenumbers",
    "psutil",
    "requests",
    "segno",
    "session_host",
    "typer",
    "uvicorn",
    "uvloop",
}
BUDGETS = {  # of the CPU time that importing FastAPI alone takes: 2.0 and 0.6 were measured; boto3 alone would be 1
    "functions.api.handler": (NEVER, 2.6),
    "functions.webhook_sender.handler": (NEVER | {"fastapi", "mangum", "opentelemetry", "pydantic", "starlette"}, 1.0),
}
TRIES = 12  # noise only ever adds, so the least of some is the truth; a machine that is busy needs more of them
# Lambda compiles nothing: what has no bytecode yet leaves it for the next try
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

_PROGRAM = """
import sys, time
began = time.process_time()
import {module}
print(time.process_time() - began, *sorted({{name.partition(".")[0] for name in sys.modules}}))
"""


@dataclass(frozen=True, slots=True)
class Start:
    """A fresh interpreter after one import: CPU seconds, and the packages that came along."""

    seconds: float
    packages: frozenset[str]


def start(module: str) -> Start:
    command = [sys.executable, "-c", _PROGRAM.format(module=module)]
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    seconds, *packages = done.stdout.split()
    return Start(float(seconds), frozenset(packages))


@pytest.fixture(scope="module")
def fastapi_alone() -> list[float]:
    """CPU seconds of the imports so far."""
    return [start("fastapi").seconds]


@pytest.mark.parametrize("module", BUDGETS)
def test_an_entry_point_stays_within_its_budget(module: str, fastapi_alone: list[float]) -> None:
    unwanted, budget = BUDGETS[module]
    first = start(module)
    assert unwanted & first.packages == set()
    taken = [first.seconds]
    while min(taken) > budget * min(fastapi_alone) and len(taken) < TRIES:
        taken.append(start(module).seconds)
        fastapi_alone.append(start("fastapi").seconds)
    assert min(taken) <= budget * min(fastapi_alone)
