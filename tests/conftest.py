"""What all tests share: an AWS of their own on this machine, and a deployment of its own for each test."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import time
import urllib.request
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from shared.aws import AwsSettings, client
from shared.clock import SystemClock
from shared.queues.names import create_queues
from shared.store.database import Database
from shared.store.tables import create_tables

settings.register_profile("hivewp", deadline=None)  # how long an example takes says more of the machine than of us
settings.load_profile("hivewp")

ROOT = Path(__file__).resolve().parent.parent
PARTITIONS = 2


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def ministack(folder: Path, **variables: str) -> Iterator[str]:
    """The URL of a MiniStack with these variables of its own, ended on leaving; `folder` is for what it writes."""
    port = free_port()
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder), "BIND_HOST": "127.0.0.1"}
    env |= {"GATEWAY_PORT": str(port), **variables}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [ROOT / ".venv-ministack" / "bin" / "ministack"], env=env, cwd=folder, stdout=log, stderr=log
        )
    try:
        _await_health(f"http://127.0.0.1:{port}/_ministack/health", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="session")
def aws_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a MiniStack that lives as long as this test process."""
    with ministack(tmp_path_factory.mktemp("ministack")) as url:
        yield url


def _await_health(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 90
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own loopback server
                return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("MiniStack did not start") from None
            time.sleep(0.1)


@dataclass(frozen=True, slots=True)
class Deployment:
    """Tables and queues of one test, and the clients to reach them."""

    settings: AwsSettings
    database: Database
    sqs: Any
    partitions: int = PARTITIONS


@pytest.fixture
async def deployment(aws_endpoint: str) -> AsyncIterator[Deployment]:
    """A fresh deployment in MiniStack: all tables and queues under a prefix of its own."""
    settings = AwsSettings("us-east-1", aws_endpoint, f"t{uuid.uuid4().hex[:8]}", "local", "local")
    async with AsyncExitStack() as stack:
        dynamodb = await stack.enter_async_context(client(settings, "dynamodb"))
        sqs = await stack.enter_async_context(client(settings, "sqs"))
        database = Database(dynamodb, settings.prefix)
        await create_tables(database)
        await create_queues(sqs, settings.prefix, PARTITIONS)
        yield Deployment(settings, database, sqs)


@pytest.fixture
def clock() -> SystemClock:
    """The machine's clock."""
    return SystemClock()


@pytest.fixture(autouse=True)
def same_log_level() -> Iterator[None]:
    """A composition root sets the root logger's level for its process; here the next test would have it too."""
    root = logging.getLogger()
    before = root.level
    yield
    root.setLevel(before)
