"""What the routes work with, and the one place where it is put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from shared.aws import ANSWER_S, client, drop_connections
from shared.clock import Clock, SystemClock
from shared.egress import EgressPolicy, Lookup, SystemLookup
from shared.figures import Tally
from shared.limits import WAITS_AT_ONCE
from shared.metrics import Meter
from shared.queues.commands import CommandQueues, CommandSender
from shared.queues.deliveries import DeliveryQueue
from shared.queues.depths import Depths
from shared.queues.jobs import JobQueue
from shared.queues.names import DELIVERIES, LOOKED_AT, commands_name, open_queue
from shared.settings import Settings
from shared.store.cache import Cache
from shared.store.cache_numbers import CheckBudget
from shared.store.database import Database
from shared.store.deliveries import Deliveries
from shared.store.events import Events
from shared.store.figures import Figures
from shared.store.hosts import Hosts
from shared.store.instances import Instances
from shared.store.keys import Keys
from shared.store.message_quota import MessageQuotas
from shared.store.messages import Messages
from shared.store.partitions import Partitions
from shared.store.replays import Replays
from shared.store.waits import Waits
from shared.store.webhook_health import WebhookHealth
from shared.store.webhook_journal import WebhookJournal
from shared.store.webhooks import Webhooks
from shared.tracing import PASS_ON, Tracer
from shared.tracing.opening import open_tracer
from shared.vault import Vault

SERVICE = "hivewp-api"
LAST_SPANS_S = 2.0


async def _nothing() -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything the routes need. `policy` judges customers' URLs; `stopping` ends every wait once it is set.

    `rest` closes all connections while nothing is going on; the next call opens them again."""

    partition_count: int
    keys: Keys
    instances: Instances
    messages: Messages
    quotas: MessageQuotas
    events: Events
    webhooks: Webhooks
    webhook_health: WebhookHealth
    webhook_journal: WebhookJournal
    deliveries: Deliveries
    replays: Replays
    cache: Cache
    checks: CheckBudget
    waits: Waits
    partitions: Partitions
    hosts: Hosts
    commands: CommandSender
    delivery_queue: DeliveryQueue
    jobs: JobQueue
    depths: Depths
    figures: Figures
    vault: Vault
    policy: EgressPolicy
    lookup: Lookup
    clock: Clock
    started_at: float
    partition_capacity: int = 100
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    meter: Meter = field(default_factory=Meter.off)
    tally: Tally = field(default_factory=Tally.off)
    tracer: Tracer = PASS_ON
    rest: Callable[[], Awaitable[None]] = _nothing


@asynccontextmanager
async def open_services(settings: Settings, stopping: asyncio.Event | None = None) -> AsyncIterator[Services]:
    """The services of a deployment. Raises QueueError when its queues cannot be found (yet)."""
    clock = SystemClock()
    prefix, count = settings.aws.prefix, settings.partitions
    async with AsyncExitStack() as stack:
        tracer = open_tracer(settings.tracing, SERVICE)
        stack.push_async_callback(asyncio.to_thread, tracer.close, LAST_SPANS_S)
        dynamodb = await stack.enter_async_context(client(settings.aws, "dynamodb", answer_s=ANSWER_S))
        sqs = await stack.enter_async_context(client(settings.aws, "sqs", answer_s=ANSWER_S))
        names = [*LOOKED_AT, *(commands_name(number) for number in range(count))]
        queues = await asyncio.gather(*(open_queue(sqs, prefix, name) for name in names))
        named, commands = dict(zip(LOOKED_AT, queues, strict=False)), queues[len(LOOKED_AT) :]
        database, lookup = Database(dynamodb, prefix), SystemLookup()
        stack.push_async_callback(lookup.close)
        cache = Cache(database, clock)
        stack.push_async_callback(partial(cache.flush, now=True))
        figures = Figures(database, clock)
        tally = Tally(figures if settings.counting else None, clock.monotonic)
        stack.push_async_callback(partial(tally.hand_over, now=True))
        yield Services(
            partition_count=count,
            partition_capacity=settings.sessions_per_worker,
            keys=Keys(database, clock),
            instances=Instances(database),
            messages=Messages(database),
            quotas=MessageQuotas(database, clock),
            events=Events(database),
            webhooks=Webhooks(database),
            webhook_health=WebhookHealth(database),
            webhook_journal=WebhookJournal(database),
            deliveries=Deliveries(database),
            replays=Replays(database),
            cache=cache,
            checks=CheckBudget(database, clock, settings.number_checks_per_minute),
            waits=Waits(database, clock, WAITS_AT_ONCE),
            partitions=Partitions(database, count),
            hosts=Hosts(database, clock),
            commands=CommandQueues(commands.__getitem__, tracer),
            delivery_queue=DeliveryQueue(named[DELIVERIES.name]),
            jobs=JobQueue(named[DELIVERIES.name]),
            depths=Depths(named, commands),
            figures=figures,
            tally=tally,
            vault=Vault.from_text(settings.sealing_key),
            policy=EgressPolicy.local() if settings.allow_local_webhooks else EgressPolicy.production(),
            lookup=lookup,
            clock=clock,
            started_at=clock.monotonic(),
            stopping=stopping or asyncio.Event(),
            meter=Meter.of(settings.metrics, settings.aws.prefix),
            tracer=tracer,
            rest=partial(_drop_all, dynamodb, sqs),
        )


async def _drop_all(*clients: Any) -> None:
    for one in clients:
        await drop_connections(one)
