"""Many phones write to many numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from local.whatsapp.control.bodies import Blast, read_body
from local.whatsapp.world.world import World

FIRST_SENDER = 19_990_000_000
SLICE = 10  # texts in a row before others get their turn

Sleep = Callable[[float], Awaitable[None]]


class BlastRoutes:
    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/blast", self.blast)]

    async def blast(self, request: web.Request) -> web.Response:
        body = await read_body(request, Blast)
        started = self._world.now()
        await blast(self._world, senders_of(body), body.to, body.count, body.rate, asyncio.sleep)
        return web.json_response({"sent": body.count, "seconds": round(self._world.now() - started, 3)})


def senders_of(body: Blast) -> list[str]:
    """The numbers that write: those named, or made-up ones."""
    if isinstance(body.senders, list):
        return body.senders
    return [str(FIRST_SENDER + index) for index in range(body.senders)]


async def blast(world: World, senders: Sequence[str], to: Sequence[str], count: int, rate: float, sleep: Sleep) -> None:
    """Writes `blast <i> <unix time>` to the numbers in turn, `rate` a second; each round comes from the next phone."""
    started = world.now()
    for index in range(count):
        due = started + index / rate if rate else 0
        if due > world.now():
            await sleep(due - world.now())
        elif index % SLICE == 0:
            await sleep(0)
        sender = world.account(senders[index // len(to) % len(senders)])
        receiver = world.account(to[index % len(to)])
        sender.phone.write(receiver.lid, f"blast {index} {world.now():.6f}")
