"""The customers of the crossing benchmark: phones that write at random times, or in bursts as people do."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

from local.bench.crossing_world import World

BURST_MAX = 4
TOGETHER_S, TYPING_S = (0.0, 0.03), (0.05, 0.8)  # between the texts of a burst: sent together, or typed


@dataclass(frozen=True, slots=True)
class Customer:
    """A chat: who writes to which instance. `written` grows."""

    number: str
    instance: str
    written: list[str] = field(default_factory=list)

    async def write(self, world: World) -> None:
        """The next text."""
        text = f"in {self.number} {self.instance} {len(self.written)}"
        self.written.append(text)
        await world.ask("POST", f"/phones/{self.number}/messages", {"to": self.instance, "text": text})


async def write_at_random(world: World, customer: Customer, every_s: float) -> None:
    """Single texts at random times, until cancelled."""
    while True:
        await asyncio.sleep(random.expovariate(1 / every_s))
        await customer.write(world)


async def write_in_bursts(world: World, customer: Customer, every_s: float) -> None:
    """One to four texts, sent together (an album, a queue after a reconnect) or typed, then a rest; until cancelled."""
    while True:
        await asyncio.sleep(random.expovariate(1 / every_s))
        gap = random.choice((TOGETHER_S, TYPING_S))  # noqa: S311
        for _ in range(random.randint(1, BURST_MAX)):  # noqa: S311
            await customer.write(world)
            await asyncio.sleep(random.uniform(*gap))  # noqa: S311
