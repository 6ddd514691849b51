"""The stack under test: started in a folder of its own on free ports, and how to talk to it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

READY_S = 120.0
STOP_S = 90.0


class BenchFailed(Exception):
    """The stack did not do what the benchmark needs."""


@dataclass(frozen=True, slots=True)
class Target:
    """A running stack. `api` carries the key; `phones` speaks to the control API of the local WhatsApp.

    `env` is the environment it was started with; `hivewp` commands with the same find it.
    """

    api: aiohttp.ClientSession
    phones: aiohttp.ClientSession
    env: dict[str, str]
    run_folder: Path
    ready_s: float

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """One API call: its status and JSON answer (None when there is none)."""
        async with self.api.request(method, path, json=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None) if answer.content_length != 0 else None

    async def phone(self, method: str, path: str, body: Any = None) -> Any:
        """One call to the control API. Raises BenchFailed on an error."""
        async with self.phones.request(method, path, json=body) as answer:
            if answer.status >= 400:
                raise BenchFailed(f"{method} {path}: {answer.status} {await answer.text()}")
            return await answer.json(content_type=None)


@asynccontextmanager
async def started(
    folder: Path,
    *,
    hosts: int = 1,
    partitions: int = 2,
    lease_s: int = 15,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Target]:
    """A fresh stack with the `scale` plan's limits, stopped at the end. `settings` are further variables of its
    environment; nothing else that is set here for another stack reaches it."""
    port, control = free_port(), free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith("HIVEWP_")}
    env |= {
        "HIVEWP_PORT": str(port),
        "HIVEWP_WHATSAPP_PORT": str(control),
        "HIVEWP_DATA": str(folder),
        "HIVEWP_PLAN": "scale",
        "HIVEWP_HOSTS": str(hosts),
        "HIVEWP_PARTITIONS": str(partitions),
        "HIVEWP_LEASE_S": str(lease_s),
        **(settings or {}),
    }
    before = time.monotonic()
    with (folder.parent / f"{folder.name}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("hivewp"), "up", env=env, stdout=log, stderr=log
        )
    try:
        await _until_healthy(port, process)
        ready_s = time.monotonic() - before
        key = (folder / "api-key").read_text().strip()
        async with (
            aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers={"x-api-key": key}) as api,
            aiohttp.ClientSession(f"http://127.0.0.1:{control}", timeout=aiohttp.ClientTimeout(total=None)) as phones,
        ):
            yield Target(api, phones, env, folder / "run", round(ready_s, 2))
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(STOP_S):
                await process.wait()


async def _until_healthy(port: int, process: asyncio.subprocess.Process) -> None:
    deadline = time.monotonic() + READY_S
    async with aiohttp.ClientSession() as http:
        while time.monotonic() < deadline and process.returncode is None:
            try:
                async with http.get(f"http://127.0.0.1:{port}/monitoring/health") as answer:
                    if answer.status == 200 and (await answer.json())["status"] == "healthy":
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
    raise BenchFailed("the stack did not become healthy")


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
