"""An API process that is killed between its two writes: the same call again is the same message, sent once."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest

from functions.api.services import Services
from shared.models.command import CommandKind
from shared.vault import new_key
from tests.conftest import ROOT, Deployment, free_port
from tests.integration.functions.api.conftest import KEYS
from tests.integration.functions.api.fake_worker import FakeWorker

PROGRAM = Path(__file__).with_name("dying_api.py")
TEXT = {"to": "+351912345678", "type": "text", "text": "once"}
MESSAGES = "/v1/instances/shop-1/messages"


@pytest.fixture
async def dying(
    deployment: Deployment, services: Services
) -> AsyncIterator[tuple[httpx.AsyncClient, asyncio.Task[int]]]:
    """A client of a process that dies of its first message, and the process's exit code to come."""
    port = free_port()
    env = os.environ | {
        "HIVEWP_PORT": str(port),
        "HIVEWP_PREFIX": deployment.settings.prefix,
        "HIVEWP_AWS_ENDPOINT": deployment.settings.endpoint_url or "",
        "HIVEWP_PARTITIONS": str(deployment.partitions),
        "HIVEWP_SEALING_KEY": new_key(),
    }
    process = _start(env)
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers={"x-api-key": KEYS["acme"]}
        ) as client:
            await _until_it_answers(client, process)
            yield client, asyncio.create_task(asyncio.to_thread(process.wait, 30))
    finally:
        process.kill()
        process.wait(10)


def _start(env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, str(PROGRAM)], env=env, cwd=ROOT)


async def _until_it_answers(client: httpx.AsyncClient, process: subprocess.Popen[bytes]) -> None:
    async with asyncio.timeout(60):
        while process.poll() is None:
            try:
                if (await client.get("/monitoring/health")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)
    raise RuntimeError("the process ended")


async def test_a_call_whose_api_was_killed_is_repeated_and_makes_one_message(
    api: httpx.AsyncClient, worker: FakeWorker, dying: tuple[httpx.AsyncClient, asyncio.Task[int]]
) -> None:
    await api.post("/v1/instances", json={"id": "shop-1"})
    await worker.connect("acme", "shop-1")
    client, ended = dying
    headers = {"idempotency-key": "order-7"}
    lost = await asyncio.gather(
        *(client.post(MESSAGES, json=TEXT, headers=headers) for _ in range(20)), return_exceptions=True
    )
    assert all(isinstance(answer, httpx.TransportError) for answer in lost)
    assert await ended == -signal.SIGKILL
    assert CommandKind.SEND not in worker.kinds()
    answers = await asyncio.gather(*(api.post(MESSAGES, json=TEXT, headers=headers) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    await api.post(MESSAGES, json=TEXT | {"text": "last"})
    commands = await worker.took(2, CommandKind.SEND)
    assert [command.args["content"]["text"] for command in commands] == ["once", "last"]
