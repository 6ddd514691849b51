"""Phones write to the instances: how long until the webhook has it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import web

from local.bench.figures import spread
from local.bench.pairing import number_of
from local.bench.target import BenchFailed, Target
from local.cli.receiver import served

SETTLE_S = 30.0


class Receiver:
    """A customer's endpoint that answers 200 at once.

    `arrivals`: text -> times it came (unix seconds). `others` counts events of other types.
    """

    def __init__(self, expected: int) -> None:
        self.arrivals: dict[str, list[float]] = {}
        self.others: Counter[str] = Counter()
        self.complete = asyncio.Event()
        self._expected = expected

    async def hear(self, request: web.Request) -> web.Response:
        """One delivery."""
        event = await request.json()
        if event["type"] == "message.received":
            self.arrivals.setdefault(event["data"]["text"], []).append(time.time())
            if len(self.arrivals) >= self._expected:
                self.complete.set()
        else:
            self.others[event["type"]] += 1
        return web.Response()

    def report(self, written: int) -> dict[str, int]:
        """What became of the texts that phones wrote."""
        return {
            "written": written,
            "delivered": len(self.arrivals),
            "lost": written - len(self.arrivals),
            "doubled": sum(len(times) > 1 for times in self.arrivals.values()),
        }


@asynccontextmanager
async def receiving(expected: int) -> AsyncIterator[tuple[Receiver, str]]:
    """A receiver that waits for `expected` different texts, and its URL."""
    receiver = Receiver(expected)
    async with served(receiver.hear) as url:
        yield receiver, url


async def receive_at(target: Target, instances: int, rate: float, seconds: float) -> dict[str, Any]:
    """Phones write `rate` messages a second in turn to all instances; every one must reach the webhook."""
    count = int(rate * seconds)
    async with receiving(count) as (receiver, url):
        status, webhook = await target.call("POST", "/v1/webhooks", {"url": url, "events": ["message.received"]})
        if status != 201:
            raise BenchFailed(f"creating a webhook: {status} {webhook}")
        numbers = [number_of(number) for number in range(instances)]
        await target.phone("POST", "/blast", {"to": numbers, "count": count, "rate": rate})
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                await receiver.complete.wait()
        await target.call("DELETE", f"/v1/webhooks/{webhook['id']}")
    delays = [times[0] - float(text.rsplit(" ", 1)[1]) for text, times in receiver.arrivals.items()]
    return {"rate_per_s": rate, **receiver.report(count), "phone_to_webhook": spread(delays)}
