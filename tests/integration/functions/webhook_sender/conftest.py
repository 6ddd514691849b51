"""A deployment with an endpoint that is a real receiver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from shared.clock import SystemClock, iso
from shared.endpoint_secrets import sealed_secret
from shared.ids import new_id
from shared.models.event import Event, EventType
from shared.models.webhook import Delivery, DeliveryState, Webhook, delivery_id
from shared.queues.deliveries import DeliveryQueue, DeliveryTask
from shared.queues.names import DELIVERIES, DELIVERIES_DEAD, open_queue
from shared.queues.queue import Queue
from shared.settings import Settings
from shared.store.deliveries import Deliveries
from shared.store.webhooks import Webhooks
from shared.vault import Vault, new_key
from tests.conftest import Deployment

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PATIENCE_S = 60.0


@dataclass
class Receiver:
    """Answers by the statuses given, then 200; `hold` keeps every answer back while it is clear."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    got: list[tuple[float, bytes, dict[str, str]]] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    hold: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.BaseRequest) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append((asyncio.get_running_loop().time(), await request.read(), headers))
        self.came.set()
        await self.hold.wait()
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200, text="noted")

    async def times(self, count: int) -> None:
        """Waits until it was called so often."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.got) < count:
                self.came.clear()
                await self.came.wait()


@dataclass
class Sending:
    """A deployment as the sender finds it: settings, one endpoint, and the ends of its queues."""

    settings: Settings
    receiver: Receiver
    webhook: Webhook
    queue: Queue
    dead: Queue
    deliveries: Deliveries
    endpoints: Webhooks

    async def put(self, events: Iterable[Event], tenant: str = "acme") -> None:
        """Puts events on the queue, as a session host does."""
        await DeliveryQueue(self.queue).put([DeliveryTask(tenant, event.body()) for event in events])

    async def add_endpoint(self, tenant: str, webhook_id: str, url: str) -> None:
        """Another endpoint, of any tenant."""
        vault = Vault.from_text(self.settings.sealing_key)
        await self.endpoints.save(_webhook(vault, tenant, webhook_id, url))

    async def delivery(self, event: Event) -> Delivery | None:
        """What is recorded of an event."""
        return await self.deliveries.get("acme", self.webhook.id, delivery_id(event.id, self.webhook.id))

    async def recorded(self, event: Event) -> Delivery:
        """Waits until an attempt is recorded of an event."""
        async with asyncio.timeout(PATIENCE_S):
            while (found := await self.delivery(event)) is None or found.state is DeliveryState.PENDING:
                await asyncio.sleep(0.02)
        return found

    async def settled(self) -> None:
        """Waits until no message is left but those that wait for their time."""
        async with asyncio.timeout(PATIENCE_S):
            while (depth := await self.queue.depth()).waiting or depth.in_flight:
                await asyncio.sleep(0.05)


def an_event(number: int = 1) -> Event:
    """An event that happens now."""
    now = SystemClock().unix()
    return Event(new_id("evt"), EventType.MESSAGE_RECEIVED, iso(now), {"text": "olá"}, "shop-1", number)


def _webhook(vault: Vault, tenant: str, webhook_id: str, url: str) -> Webhook:
    sealed = sealed_secret(vault, tenant, webhook_id, SECRET)
    return Webhook(tenant=tenant, id=webhook_id, url=url, created_at=iso(0), secrets=(sealed,))


@asynccontextmanager
async def listening(take: Callable[[web.BaseRequest], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """A receiver; gives its URL."""
    runner = web.ServerRunner(web.Server(take))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert isinstance(site._server, asyncio.Server)
    yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/hook"
    await runner.cleanup()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    made.hold.set()
    async with listening(made.take) as made.url:
        yield made


@pytest.fixture
async def sending(deployment: Deployment, receiver: Receiver) -> Sending:
    key = new_key()
    webhook = _webhook(Vault.from_text(key), "acme", "wh_a", receiver.url)
    await Webhooks(deployment.database).save(webhook)
    aws = deployment.settings
    return Sending(
        settings=Settings(aws, deployment.partitions, key, allow_local_webhooks=True, log_level="INFO"),
        receiver=receiver,
        webhook=webhook,
        queue=await open_queue(deployment.sqs, aws.prefix, DELIVERIES.name),
        dead=await open_queue(deployment.sqs, aws.prefix, DELIVERIES_DEAD.name),
        deliveries=Deliveries(deployment.database),
        endpoints=Webhooks(deployment.database),
    )
