"""Another tenant on the same stack, with a key and one number of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp

from local.bench.pairing import FIRST_NUMBER, Times, pair
from local.bench.target import BenchFailed, Target
from local.keys.actions import create_key, revoke_keys
from local.keys.errors import KeyProblem
from local.settings import LOOPBACK
from shared.models.api_key import EVERYTHING

TENANT = "neighbour"
INSTANCE = "bench-neighbour"
NUMBER = str(FIRST_NUMBER + 5_000)


@asynccontextmanager
async def moved_in(target: Target) -> AsyncIterator[Target]:
    """The stack as the neighbour sees it: its `api` carries the neighbour's key. Its instance is connected."""
    key = await asyncio.to_thread(_key, target)
    url = f"http://{LOOPBACK}:{target.env['HIVEWP_PORT']}"
    async with aiohttp.ClientSession(url, headers={"x-api-key": key}) as api:
        theirs = replace(target, api=api)
        await pair(theirs, INSTANCE, NUMBER, Times())
        try:
            yield theirs
        finally:
            await theirs.call("DELETE", f"/v1/instances/{INSTANCE}")
            await asyncio.to_thread(revoke_keys, target.env, None, TENANT, None, everything=True)


def _key(target: Target) -> str:
    try:
        made = create_key(
            target.env, None, tenant=TENANT, plan="scale", scopes=",".join(EVERYTHING), expires="never", label=""
        )
    except KeyProblem as problem:
        raise BenchFailed(f"no key for a neighbour: {problem}") from problem
    return made.text
