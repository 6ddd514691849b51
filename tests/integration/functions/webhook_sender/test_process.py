"""The process of the stack on one machine: `python -m local.webhooks`."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.models.webhook import DeliveryState
from tests.conftest import ROOT, free_port
from tests.integration.functions.webhook_sender.conftest import PATIENCE_S, Sending, an_event


@asynccontextmanager
async def process(env: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """The process; it is gone at the end, whatever happens."""
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "local.webhooks"), cwd=ROOT, env=env, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


def env_of(sending: Sending, **changes: str) -> dict[str, str]:
    return {
        "HIVEWP_AWS_ENDPOINT": sending.settings.aws.endpoint_url or "",
        "HIVEWP_PREFIX": sending.settings.aws.prefix,
        "HIVEWP_SEALING_KEY": sending.settings.sealing_key,
        "HIVEWP_ALLOW_LOCAL_WEBHOOKS": "1",
        **changes,
    }


async def said(started: asyncio.subprocess.Process, text: str) -> str:
    """The line in which the process says `text`."""
    assert started.stderr is not None
    async with asyncio.timeout(PATIENCE_S):
        while text not in (line := (await started.stderr.readline()).decode()):
            assert line, "ended without a word"
    return line


async def test_on_sigterm_it_finishes_what_is_in_flight_and_exits_cleanly(sending: Sending) -> None:
    sending.receiver.hold.clear()
    event = an_event()
    async with process(env_of(sending)) as started:
        await sending.put([event])
        await sending.receiver.times(1)
        started.send_signal(signal.SIGTERM)
        sending.receiver.hold.set()
        assert await asyncio.wait_for(started.wait(), PATIENCE_S) == 0
    record = await sending.delivery(event)
    assert record is not None
    assert record.state is DeliveryState.DELIVERED
    depth = await sending.queue.depth()
    assert (depth.waiting, depth.in_flight) == (0, 0)


async def test_without_aws_it_waits_and_can_be_stopped(sending: Sending) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    async with process(env_of(sending, HIVEWP_AWS_ENDPOINT=nobody)) as started:
        await said(started, "AWS is away")
        started.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(started.wait(), PATIENCE_S) == 0


async def test_a_setting_that_cannot_be_used_is_named(sending: Sending) -> None:
    async with process(env_of(sending, HIVEWP_WEBHOOK_CONCURRENCY="lots")) as started:
        await said(started, "HIVEWP_WEBHOOK_CONCURRENCY")
        assert await started.wait() == 2
