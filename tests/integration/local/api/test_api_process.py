"""The API's process on one machine: started and stopped as the stack does it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping

import httpx
import pytest

from shared.clock import SystemClock
from shared.models.api_key import ApiKey
from shared.store.keys import Keys
from tests.conftest import ROOT, Deployment, free_port
from tests.integration.api_process import environment, until_it_answers

KEY = "hwp_acme"


@pytest.fixture
async def process(deployment: Deployment) -> AsyncIterator[tuple[subprocess.Popen[bytes], str]]:
    """The process, answering, and its URL."""
    await Keys(deployment.database, SystemClock()).save(KEY, ApiKey("key_acme", "acme"))
    port = free_port()
    started = start(environment(deployment, port))
    try:
        url = f"http://127.0.0.1:{port}"
        await until_it_answers(url, started)
        yield started, url
    finally:
        started.kill()
        started.wait(60)


def start(env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "local.api"], env=env, cwd=ROOT)


async def test_it_serves_behind_the_gateway_and_ends_long_polls_when_it_is_told_to_stop(
    process: tuple[subprocess.Popen[bytes], str],
) -> None:
    started, url = process
    async with httpx.AsyncClient(base_url=url, headers={"x-api-key": KEY}, timeout=30) as client:
        made = await client.post("/v1/instances", json={"id": "shop-1"})
        assert made.status_code == 201
        assert "ratelimit" in made.headers
        written = asyncio.Event()

        async def trace(name: str, _about: object) -> None:
            if name == "http11.send_request_body.complete":
                written.set()

        poll = client.get("/v1/instances/shop-1/events", params={"wait": 20}, extensions={"trace": trace})
        waiting = asyncio.create_task(poll)
        await written.wait()
        await client.get("/v1/instances/shop-1")  # what was written before this is read by now
        started.send_signal(signal.SIGTERM)
        assert (await waiting).json() == {"data": [], "next_after": 0}
    assert await asyncio.to_thread(started.wait, 60) == 0


def test_a_setting_that_cannot_be_used_is_named() -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("HIVEWP_")}
    ended = subprocess.run([sys.executable, "-m", "local.api"], env=env, cwd=ROOT, capture_output=True, check=False)
    assert ended.returncode == 2
    assert b"HIVEWP_SEALING_KEY" in ended.stderr
