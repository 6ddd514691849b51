"""Several tenants on one machine: each with a key, a plan and instances of its own."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import aiohttp
import pytest

from local.bench.target import Target
from tests.e2e.conftest import Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def hivewp(target: Target, *arguments: str) -> str:
    """What a command for this stack prints."""
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("hivewp"), *arguments, env=target.env, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    return printed.decode().strip()


async def test_another_tenant_has_limits_and_instances_of_its_own(shop: Shop) -> None:
    await shop.create()
    key = await hivewp(shop.target, "keys", "create", "--tenant", "neighbour", "--plan", "standard")
    url = str(shop.target.api._base_url)
    async with aiohttp.ClientSession(url, headers={"x-api-key": key}) as neighbour:
        async with neighbour.get("/v1/instances") as answer:
            assert (await answer.json())["data"] == []
            assert answer.headers["ratelimit-policy"] == '"queries";q=1000;w=60, "calls-per-day";q=500000;w=86400'
        async with neighbour.get(shop.path) as answer:
            assert answer.status == 404
    async with shop.target.api.get("/v1/instances") as answer:
        assert answer.headers["ratelimit-policy"] == '"queries";q=10000;w=60, "calls-per-day";q=5000000;w=86400'
    assert "neighbour" in await hivewp(shop.target, "keys", "list")
    await hivewp(shop.target, "keys", "revoke", "--tenant", "neighbour")
    assert "neighbour" not in await hivewp(shop.target, "keys", "list")
