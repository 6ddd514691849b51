"""Messages out at a set rate, whether or not earlier ones are done: the load does not slow down with the product."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.bench.figures import spread
from local.bench.pairing import instance_id
from local.bench.target import Target

RECEIVERS = 50
FIRST_RECEIVER = 4_917_000_000_000
SETTLE_S = 30.0
ANSWER_LIMIT_MS = 100.0
INBOX_LIMIT_MS = 500.0
SEARCH_STEP = 1.3
SEARCH_S = 20.0
SEARCH_MOST = 120.0


@dataclass(slots=True)
class Run:
    """What one run at one rate saw; keys are the messages' texts, times unix seconds."""

    called_at: dict[str, float] = field(default_factory=dict)
    answered: list[float] = field(default_factory=list)
    refused: dict[int, int] = field(default_factory=dict)
    arrivals: dict[str, list[float]] = field(default_factory=dict)

    def report(self, rate: float, seconds: float) -> dict[str, Any]:
        """The run's figures."""
        inbox = [times[0] - self.called_at[text] for text, times in self.arrivals.items()]
        return {
            "rate_per_s": rate,
            "seconds": seconds,
            "accepted": len(self.called_at),
            "refused": {str(status): count for status, count in self.refused.items()},
            "arrived": len(self.arrivals),
            "lost": len(self.called_at.keys() - self.arrivals.keys()),
            "doubled": sum(len(times) > 1 for times in self.arrivals.values()),
            "answer": spread(self.answered),
            "call_to_inbox": spread(inbox),
        }


async def send_at(target: Target, instances: int, rate: float, seconds: float) -> dict[str, Any]:
    """`rate` messages a second over all instances, then waits until every one has arrived."""
    run, tag = Run(), uuid.uuid4().hex[:8]

    async def send(number: int) -> None:
        text = f"{tag} {number}"
        body = {"to": str(FIRST_RECEIVER + number % RECEIVERS), "type": "text", "text": text}
        called, before = time.time(), time.monotonic()
        status, _ = await target.call("POST", f"/v1/instances/{instance_id(number % instances)}/messages", body)
        if status == 202:
            run.answered.append(time.monotonic() - before)
            run.called_at[text] = called
        else:
            run.refused[status] = run.refused.get(status, 0) + 1

    await paced(send, rate, seconds)
    await _collect(target, run, tag)
    return run.report(rate, seconds)


async def highest_rate(target: Target, instances: int, start: float) -> dict[str, Any]:
    """Raises the rate step by step; the highest that kept both limits and lost nothing, and what ended the search."""
    rate, best, failed = start, None, None
    while rate <= SEARCH_MOST:
        result = await send_at(target, instances, round(rate, 1), SEARCH_S)
        if not holds(result):
            failed = result
            break
        best, rate = result, rate * SEARCH_STEP
    return {"rate_per_s": best["rate_per_s"] if best else None, "best": best, "first_that_failed": failed}


def holds(result: dict[str, Any]) -> bool:
    """Whether a run kept the limits: answer p95, call to inbox p95, nothing lost or refused."""
    return bool(
        not result["lost"]
        and not result["refused"]
        and result["answer"]["p95_ms"] < ANSWER_LIMIT_MS
        and result["call_to_inbox"]["p95_ms"] < INBOX_LIMIT_MS
    )


async def paced(work: Callable[[int], Awaitable[None]], rate: float, seconds: float) -> None:
    """Starts `work` at its exact times, `rate` a second, and returns when all have ended."""
    begin, total = time.monotonic(), round(rate * seconds)
    async with asyncio.TaskGroup() as group:
        for number in range(total):
            await asyncio.sleep(max(0.0, begin + number / rate - time.monotonic()))
            group.create_task(_as_coroutine(work, number))


async def _as_coroutine(work: Callable[[int], Awaitable[None]], number: int) -> None:
    await work(number)


async def _collect(target: Target, run: Run, tag: str) -> None:
    deadline = time.monotonic() + SETTLE_S
    while time.monotonic() < deadline:
        run.arrivals = await _arrivals(target, tag)
        if run.called_at.keys() <= run.arrivals.keys():
            return
        await asyncio.sleep(0.5)


async def _arrivals(target: Target, tag: str) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for number in range(RECEIVERS):
        for message in await target.phone("GET", f"/phones/{FIRST_RECEIVER + number}/inbox"):
            if str(message["text"]).startswith(tag):
                found.setdefault(message["text"], []).append(datetime.fromisoformat(message["at"]).timestamp())
    return found
