"""Another tenant on the same stack, with a key and one number of its own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp

from local.bench.pairing import FIRST_NUMBER, Times, pair
from local.bench.target import BenchFailed, Target
from local.settings import LOOPBACK

TENANT = "neighbour"
INSTANCE = "bench-neighbour"
NUMBER = str(FIRST_NUMBER + 5_000)


@asynccontextmanager
async def moved_in(target: Target) -> AsyncIterator[Target]:
    """The stack as the neighbour sees it: its `api` carries the neighbour's key. Its instance is connected."""
    key = await _hivewp(target, "keys", "create", "--tenant", TENANT, "--plan", "scale")
    url = f"http://{LOOPBACK}:{target.env['HIVEWP_PORT']}"
    async with aiohttp.ClientSession(url, headers={"x-api-key": key}) as api:
        theirs = replace(target, api=api)
        await pair(theirs, INSTANCE, NUMBER, Times())
        try:
            yield theirs
        finally:
            await theirs.call("DELETE", f"/v1/instances/{INSTANCE}")
            await _hivewp(target, "keys", "revoke", "--tenant", TENANT)


async def _hivewp(target: Target, *arguments: str) -> str:
    """What a command for this stack prints. Raises BenchFailed."""
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("hivewp"), *arguments, env=target.env, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    if process.returncode:
        raise BenchFailed(f"hivewp {' '.join(arguments)} ended with {process.returncode}")
    return printed.decode().strip()
