"""Where session hosts run as real processes, with what their workers note of themselves."""

from __future__ import annotations

import asyncio
import base64
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import PARTITIONS, ROOT, Deployment

HERE = Path(__file__).parent
PATIENCE_S = 90


@dataclass(frozen=True, slots=True)
class Note:
    """What a worker wrote of itself."""

    what: str
    partition: int
    epoch: int
    host: str
    pid: int


@dataclass(slots=True)
class Site:
    """Where hosts run: their folder, and the processes started."""

    deployment: Deployment
    folder: Path
    hosts: list[asyncio.subprocess.Process] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)

    async def start(self, name: str, *worker: str) -> asyncio.subprocess.Process:
        """A host with a 2 s lease whose workers run worker_program, or another command."""
        command = worker or (sys.executable, str(HERE / "worker_program.py"))
        aws = self.deployment.settings
        env = {
            "PYTHONPATH": str(ROOT),
            "HIVEWP_AWS_ENDPOINT": aws.endpoint_url or "",
            "HIVEWP_PREFIX": aws.prefix,
            "HIVEWP_PARTITIONS": str(PARTITIONS),
            "HIVEWP_SEALING_KEY": base64.b64encode(bytes(32)).decode(),
            "HIVEWP_SESSION_DIR": str(self.folder / "sessions"),
            "HIVEWP_HOST_NAME": name,
            "HIVEWP_RUN_DIR": str(self.folder / "run"),
            "HIVEWP_LEASE_S": "2",
            "TEST_NOTES": str(self.folder / "notes"),
            "NEONIZE_BOT_TAG": "off",
            **self.env,
        }
        with (self.folder / f"{name}.log").open("wb") as log:
            host = await asyncio.create_subprocess_exec(
                sys.executable, str(HERE / "host_program.py"), *command, env=env, stdout=log, stderr=log
            )
        self.hosts.append(host)
        return host

    def notes(self, what: str) -> list[Note]:
        """All notes of a kind, oldest first."""
        file = self.folder / "notes"
        lines = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
        return [Note(kind, int(p), int(e), host, int(pid)) for kind, p, e, host, pid in lines if kind == what]

    def log(self, name: str) -> str:
        """What a host wrote."""
        return (self.folder / f"{name}.log").read_text()

    async def see(self, happened: Callable[[], bool]) -> None:
        """Waits until something is the case."""
        async with asyncio.timeout(PATIENCE_S):
            while not happened():
                await asyncio.sleep(0.05)
