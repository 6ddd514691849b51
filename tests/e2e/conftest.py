"""The whole product, started as a user starts it, on ports and in a folder of its own."""

from __future__ import annotations

import asyncio
import base64
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from standardwebhooks import Webhook

from local.bench.target import Target, started
from local.cli.receiver import served
from tests.e2e.written import read
from tests.fakes.collector import Collector

PATIENCE_S = 60.0


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def collector() -> AsyncIterator[Collector]:
    """Where the stack's spans go: those of traces alone that a caller asks to be recorded."""
    found = Collector()
    async with served(found.take) as found.url:
        yield found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> AsyncIterator[Target]:
    """One running stack for all end to end tests; each test uses instances of its own."""
    folder = tmp_path_factory.mktemp("stack") / "data"
    async with started(folder, settings={"HIVEWP_LOG_LEVEL": "DEBUG", **collector.settings}) as target:
        yield target
        stats = await target.phone("GET", "/stats")
        assert (stats["unanswered"], stats["unknown"]) == (0, {})
    read(folder)  # whatever the tests did: the logs have their form and hold no secret


async def until(look: Callable[[], Awaitable[Any]], patience_s: float = PATIENCE_S) -> Any:
    """What `look` gives, once it is true."""
    async with asyncio.timeout(patience_s):
        while not (found := await look()):
            await asyncio.sleep(0.1)
    return found


class Shop:
    """One instance of the stack and what a developer does with it."""

    def __init__(self, target: Target) -> None:
        tag = uuid.uuid4()
        self.target = target
        self.id = f"shop-{tag.hex[:8]}"
        self.number = f"4915{tag.int % 10**9:09d}"
        self.customer = f"4917{tag.int % 10**9:09d}"
        self.path = f"/v1/instances/{self.id}"

    async def call(self, method: str, path: str = "", body: Any = None, **headers: str) -> tuple[int, Any]:
        """One call below the instance."""
        return await self.target.call(method, self.path + path, body, **headers)

    async def create(self, **settings: Any) -> Any:
        """The instance, created; the answer."""
        body = {"id": self.id} | ({"settings": settings} if settings else {})
        status, answer = await self.target.call("POST", "/v1/instances", body)
        assert status == 201, answer
        return answer

    async def qr(self) -> str:
        """The code to scan, once there is one."""

        async def look() -> Any:
            status, answer = await self.call("GET", "/qr")
            return answer["code"] if status == 200 else None

        return str(await until(look))

    async def scan(self) -> None:
        """Its owner scans the code."""
        await self.target.phone("POST", f"/phones/{self.number}/scan", {"qr": await self.qr()})

    async def state(self, wanted: str, patience_s: float = PATIENCE_S) -> Any:
        """The instance, once it is in a state."""

        async def look() -> Any:
            _, answer = await self.call("GET")
            return answer if answer["state"] == wanted else None

        return await until(look, patience_s)

    async def pair(self, **settings: Any) -> None:
        """Creates, scans and connects."""
        await self.create(**settings)
        await self.scan()
        await self.state("connected")

    async def send(self, text: str, *, wait: int = 20, **more: Any) -> Any:
        """Sends to its customer and waits for the outcome."""
        body = {"to": self.customer, "type": "text", "text": text, **more}
        status, answer = await self.call("POST", "/messages", body, Prefer=f"wait={wait}")
        assert status == 202, answer
        return answer

    async def inbox(self) -> list[str]:
        """The texts that its customer's phone got."""
        return [message["text"] for message in await self.target.phone("GET", f"/phones/{self.customer}/inbox")]

    async def customer_writes(self, text: str) -> None:
        """Its customer writes to it."""
        await self.target.phone("POST", f"/phones/{self.customer}/messages", {"to": self.number, "text": text})


@pytest_asyncio.fixture(loop_scope="session")
async def shop(stack: Target) -> AsyncIterator[Shop]:
    """An instance that does not exist yet, deleted at the end."""
    one = Shop(stack)
    yield one
    await one.call("DELETE")


class Endpoint:
    """A customer's receiver: verifies every signature with the public library and keeps the events."""

    def __init__(self) -> None:
        self.secret = "whsec_" + base64.b64encode(b"0" * 24).decode()  # until the real one is known
        self.events: list[dict[str, Any]] = []
        self.answers: list[int] = []

    async def hear(self, request: web.Request) -> web.Response:
        """One delivery; the next of `answers` is given, 200 when there is none."""
        event = Webhook(self.secret).verify(await request.read(), dict(request.headers))
        self.events.append(event)
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    def of_type(self, name: str) -> list[dict[str, Any]]:
        """The events of a type, in the order they came."""
        return [event for event in self.events if event["type"] == name]


@asynccontextmanager
async def endpoint_for(shop: Shop, events: str = "*") -> AsyncIterator[Endpoint]:
    """An endpoint that hears the shop's events of the types that match."""
    endpoint = Endpoint()
    async with served(endpoint.hear) as url:
        body = {"url": url, "instances": [shop.id], "events": [events]}
        status, webhook = await shop.target.call("POST", "/v1/webhooks", body)
        assert status == 201, webhook
        endpoint.secret = webhook["secret"]
        try:
            yield endpoint
        finally:
            await shop.target.call("DELETE", f"/v1/webhooks/{webhook['id']}")
