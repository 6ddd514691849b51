"""The load of a soak: messages out and in at a steady rate, and instances restarted, all at once."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from local.bench.inbound import Receiver
from local.bench.pairing import instance_id, number_of
from local.bench.sending import FIRST_RECEIVER, RECEIVERS, paced
from local.bench.target import Target

SETTLE_S = 90.0
UNANSWERED = "unanswered"  # in the place of a status
LOOK_EVERY_S = 2.0


@dataclass(slots=True)
class Outbound:
    """Messages by their texts; `answers` counts every answer by status."""

    tag: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    accepted: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    arrivals: Counter[str] = field(default_factory=Counter)

    def report(self) -> dict[str, Any]:
        """The figures. A text that arrived although its call was not answered is no loss and no duplicate."""
        return {
            "accepted": len(self.accepted),
            "answers": dict(self.answers),
            "arrived": len(self.arrivals),
            "lost": len(self.accepted - self.arrivals.keys()),
            "duplicated": sum(count > 1 for count in self.arrivals.values()),
        }


async def send_steadily(target: Target, instances: int, rate: float, seconds: float, out: Outbound) -> None:
    """`rate` messages a second over all instances, to many phones."""

    async def send(number: int) -> None:
        text = f"{out.tag} {number}"
        body = {"to": str(FIRST_RECEIVER + number % RECEIVERS), "type": "text", "text": text}
        answer = await _call(target, f"/v1/instances/{instance_id(number % instances)}/messages", body)
        out.answers[answer] += 1
        if answer == "202":
            out.accepted.add(text)

    await paced(send, rate, seconds)


async def receive_steadily(target: Target, instances: int, rate: float, seconds: float) -> None:
    """Phones write `rate` messages a second in turn to all instances."""
    numbers = [number_of(number) for number in range(instances)]
    await target.phone("POST", "/blast", {"to": numbers, "count": int(rate * seconds), "rate": rate})


async def restart_in_turn(target: Target, instances: int, cycles: int, seconds: float, answers: Counter[str]) -> None:
    """`cycles` restarts spread evenly over the time, of one instance after the other."""

    async def restart(number: int) -> None:
        answers[await _call(target, f"/v1/instances/{instance_id(number % instances)}/restart")] += 1

    if cycles:
        await paced(restart, cycles / seconds, seconds)


async def settle(target: Target, out: Outbound, receiver: Receiver) -> None:
    """Waits until all that was accepted or written has arrived, for a while."""
    deadline = time.monotonic() + SETTLE_S
    while time.monotonic() < deadline:
        out.arrivals = await _arrivals(target, out.tag)
        if out.accepted <= out.arrivals.keys() and receiver.complete.is_set():
            return
        await asyncio.sleep(LOOK_EVERY_S)


async def _arrivals(target: Target, tag: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for number in range(RECEIVERS):
        letters = await target.phone("GET", f"/phones/{FIRST_RECEIVER + number}/inbox")
        found.update(letter["text"] for letter in letters if letter["text"].startswith(f"{tag} "))
    return found


async def _call(target: Target, path: str, body: Any = None) -> str:
    """The answer's status, or what stands for none: a soak goes on."""
    try:
        status, _ = await target.call("POST", path, body)
    except (aiohttp.ClientError, TimeoutError):
        return UNANSWERED
    return str(status)
