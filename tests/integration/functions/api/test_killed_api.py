"""An API process that is killed between its two writes: the same call again is the same message, sent once."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest

from functions.api.services import Services
from shared.models.command import CommandKind
from tests.conftest import ROOT, Deployment, free_port
from tests.integration.api_process import environment, until_it_answers
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
    process = _start(environment(deployment, port))
    url = f"http://127.0.0.1:{port}"
    try:
        await until_it_answers(url, process)
        async with httpx.AsyncClient(base_url=url, headers={"x-api-key": KEYS["acme"]}) as client:
            yield client, asyncio.create_task(asyncio.to_thread(process.wait, 120))
    finally:
        process.kill()
        process.wait(60)


def _start(env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, str(PROGRAM)], env=env, cwd=ROOT)


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
    last = await api.post(MESSAGES, json=TEXT | {"text": "last"})
    assert last.headers["ratelimit"].startswith('"messages-per-day";r=99998;'), "what was stored counts, and once"
    commands = await worker.took(2, CommandKind.SEND)
    assert [command.args["content"]["text"] for command in commands] == ["once", "last"]
