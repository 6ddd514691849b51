"""The one place where the sender's services are put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from functions.webhook_sender.auto_concurrency import AutoConcurrency
from functions.webhook_sender.catch_up.chain_heads import ChainHeads
from functions.webhook_sender.catch_up.early_retries import EarlyRetries
from functions.webhook_sender.catch_up.worker import CatchUpWorker
from functions.webhook_sender.coalesced import CoalescedDeliveries, CoalescedTasks
from functions.webhook_sender.decide import SCHEDULE_S
from functions.webhook_sender.health_cache import HealthCache
from functions.webhook_sender.replay import Replayer
from functions.webhook_sender.services import Services
from functions.webhook_sender.settings import SenderSettings
from functions.webhook_sender.slots import SILENT_PER_SLOT, Slots
from shared.aws import ANSWER_S, client
from shared.clock import Clock, SystemClock
from shared.egress import EgressPolicy, GuardedClient
from shared.figures import Tally
from shared.metrics import Meter
from shared.queues.deliveries import DeliveryQueue
from shared.queues.jobs import JobQueue
from shared.queues.names import DELIVERIES, DELIVERIES_DEAD, DELIVERIES_SLOW, open_queue
from shared.queues.queue import Queue
from shared.settings import Settings
from shared.store.chains import Chains
from shared.store.database import Database
from shared.store.deliveries import Deliveries
from shared.store.events import Events
from shared.store.figures import Figures
from shared.store.hosts import Hosts
from shared.store.replays import Replays
from shared.store.webhook_health import WebhookHealth
from shared.store.webhooks import Webhooks
from shared.tracing.opening import open_tracer
from shared.vault import Vault

SERVICE = "hivewp-webhook-sender"
LAST_SPANS_S = 2.0


@asynccontextmanager
async def open_services(
    settings: Settings, sender: SenderSettings, schedule: tuple[float, ...] = SCHEDULE_S
) -> AsyncIterator[Services]:
    """The services of a deployment. Raises QueueError when its queues cannot be found (yet)."""
    policy = EgressPolicy.local() if settings.allow_local_webhooks else EgressPolicy.production()
    async with AsyncExitStack() as stack:
        tracer = open_tracer(settings.tracing, SERVICE)
        stack.push_async_callback(asyncio.to_thread, tracer.close, LAST_SPANS_S)
        dynamodb = await stack.enter_async_context(client(settings.aws, "dynamodb", answer_s=ANSWER_S))
        sqs = await stack.enter_async_context(client(settings.aws, "sqs", answer_s=ANSWER_S))
        database, clock = Database(dynamodb, settings.aws.prefix), SystemClock()
        tally = Tally(Figures(database, clock) if settings.counting else None, clock.monotonic)
        stack.push_async_callback(partial(tally.hand_over, now=True))
        poster = GuardedClient(policy, timeout=sender.timeout_s, connections=sender.concurrency * (1 + SILENT_PER_SLOT))
        queue = await open_queue(sqs, settings.aws.prefix, DELIVERIES.name)
        slots = Slots(sender.concurrency)
        yield Services(
            endpoints=Webhooks(database),
            records=CoalescedDeliveries(Deliveries(database)),
            tasks=CoalescedTasks(queue),
            slow=CoalescedTasks(await open_queue(sqs, settings.aws.prefix, DELIVERIES_SLOW.name)),
            replayer=_replayer(database, queue, clock),
            catch_up_worker=_catch_up_worker(database, queue, clock),
            dead=DeliveryQueue(await open_queue(sqs, settings.aws.prefix, DELIVERIES_DEAD.name)),
            client=await stack.enter_async_context(poster),
            vault=Vault.from_text(settings.sealing_key),
            slots=slots,
            auto_concurrency=AutoConcurrency(slots, Hosts(database, clock), clock) if sender.auto else None,
            health_cache=HealthCache(WebhookHealth(database), clock),
            chains=Chains(database),
            log=Events(database),
            schedule=schedule,
            meter=Meter.of(settings.metrics, settings.aws.prefix),
            tally=tally,
            tracer=tracer,
        )


def _replayer(database: Database, queue: Queue, clock: Clock) -> Replayer:
    return Replayer(
        endpoints=Webhooks(database),
        deliveries=Deliveries(database),
        log=Events(database),
        progress=Replays(database),
        tasks=DeliveryQueue(queue),
        pages=JobQueue(queue),
        clock=clock,
    )


def _catch_up_worker(database: Database, queue: Queue, clock: Clock) -> CatchUpWorker:
    deliveries, log = Deliveries(database), Events(database)
    return CatchUpWorker(
        endpoints=Webhooks(database),
        health=WebhookHealth(database),
        chains=ChainHeads(chains=Chains(database), deliveries=deliveries, log=log),
        deliveries=EarlyRetries(deliveries=deliveries, log=log),
        tasks=DeliveryQueue(queue),
        pages=JobQueue(queue),
        clock=clock,
    )
