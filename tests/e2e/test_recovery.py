"""The one-machine stack as its operator knows it: parts that die come back, a stop keeps everything."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from local.bench.processes import pid_of
from local.bench.target import Target, started
from tests.e2e.conftest import Shop, endpoint_for, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def kill(target: Target, part: str) -> None:
    """Kills a part and waits until another process has taken its place."""
    before = pid_of(target.run_folder, part)
    assert before is not None
    os.kill(before, signal.SIGKILL)

    async def another() -> bool:
        return pid_of(target.run_folder, part) not in {before, None}

    await until(another)


async def test_messages_accepted_while_a_worker_is_dead_arrive_once(shop: Shop) -> None:
    await shop.pair()
    workers = [part.stem for part in shop.target.run_folder.glob("host-1-worker-*.pid")]
    assert len(workers) == 2
    for worker in workers:
        await kill(shop.target, worker)
    texts = [f"after the crash {number}" for number in range(5)]
    for text in texts:
        status, _ = await shop.call("POST", "/messages", {"to": shop.customer, "type": "text", "text": text})
        assert status == 202

    async def arrived() -> bool:
        return len(await shop.inbox()) >= len(texts)

    await until(arrived, 90)
    assert await shop.inbox() == texts


async def test_events_wait_for_a_dead_webhook_sender(shop: Shop) -> None:
    await shop.pair()
    async with endpoint_for(shop) as endpoint:
        await kill(shop.target, "webhooks")
        await shop.customer_writes("are you there?")

        async def heard() -> bool:
            return bool(endpoint.of_type("message.received"))

        await until(heard, 90)


@pytest.mark.timeout(400)
async def test_a_stopped_stack_goes_on_where_it_was(tmp_path: Path) -> None:
    async with started(tmp_path / "data") as first:
        shop = Shop(first)
        await shop.pair()
        sent = await shop.send("yesterday")
    async with started(tmp_path / "data") as second:
        shop.target = second
        await shop.state("connected")  # without a QR code
        _, message = await shop.call("GET", f"/messages/{sent['id']}")
        assert message["state"] in {"sent", "delivered"}
        assert (await shop.send("today"))["state"] in {"sent", "delivered"}
        assert await shop.inbox() == ["yesterday", "today"]
        await shop.customer_writes("good morning")

        async def heard() -> bool:
            _, log = await shop.call("GET", "/events?limit=1000")
            return any(event["data"].get("text") == "good morning" for event in log["data"])

        await until(heard)
