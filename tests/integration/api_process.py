"""The API as a process of its own: what it is told, and when it answers."""

from __future__ import annotations

import asyncio
import os
import subprocess

import httpx

from shared.vault import new_key
from tests.conftest import Deployment


def environment(deployment: Deployment, port: int) -> dict[str, str]:
    """Its environment, on MiniStack."""
    return os.environ | {
        "HIVEWP_PORT": str(port),
        "HIVEWP_PREFIX": deployment.settings.prefix,
        "HIVEWP_AWS_ENDPOINT": deployment.settings.endpoint_url or "",
        "HIVEWP_PARTITIONS": str(deployment.partitions),
        "HIVEWP_SEALING_KEY": new_key(),
    }


async def until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    """Raises RuntimeError when it ends before it does."""
    async with asyncio.timeout(60), httpx.AsyncClient(base_url=url) as client:
        while process.poll() is None:
            try:
                if (await client.get("/monitoring/health")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)
    raise RuntimeError("the process ended")
