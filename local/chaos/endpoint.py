"""A customer's receiver of webhooks: checks every signature, answers 200 at once, keeps what it heard."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from local.bench.target import BenchFailed, Target
from local.cli.receiver import served, verified


@dataclass(frozen=True, slots=True)
class Heard:
    """An event as it was delivered."""

    id: str
    type: str
    instance: str
    sequence: int


@dataclass(slots=True)
class Endpoint:
    """`heard`: every event once, by its id. `again`: deliveries of events that had been heard before."""

    secret: str = ""
    heard: dict[str, Heard] = field(default_factory=dict)
    again: int = 0
    badly_signed: int = 0

    async def hear(self, request: web.Request) -> web.Response:
        """One delivery."""
        body = await request.read()
        if not verified(self.secret, request.headers, body, time.time()):
            self.badly_signed += 1
            return web.Response(status=401)
        event = json.loads(body)
        if event["id"] in self.heard:
            self.again += 1
        self.heard[event["id"]] = Heard(event["id"], event["type"], event["instance"], event["sequence"])
        return web.Response()


@asynccontextmanager
async def listening(target: Target) -> AsyncIterator[Endpoint]:
    """An endpoint that hears every event of every instance."""
    endpoint = Endpoint()
    async with served(endpoint.hear) as url:
        status, webhook = await target.call("POST", "/v1/webhooks", {"url": url, "events": ["*"]})
        if status != 201:
            raise BenchFailed(f"creating a webhook: {status} {webhook}")
        endpoint.secret = webhook["secret"]
        yield endpoint
