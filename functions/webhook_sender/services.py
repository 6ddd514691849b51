"""What the sender works with, and the one place where it is put together."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from functions.webhook_sender.bound import AutoBound
from functions.webhook_sender.care import Care
from functions.webhook_sender.catch_up.bring import Catcher
from functions.webhook_sender.catch_up.heads import Heads
from functions.webhook_sender.catch_up.retries import Retries
from functions.webhook_sender.decide import SCHEDULE_S
from functions.webhook_sender.grouped import GroupedRecords, GroupedTasks
from functions.webhook_sender.ordered.holds import Holds
from functions.webhook_sender.places import SILENT_PER_PLACE, Places
from functions.webhook_sender.ports import Endpoints, Tasks
from functions.webhook_sender.replay import Replayer
from functions.webhook_sender.settings import SenderSettings
from shared.aws import ANSWER_S, client
from shared.clock import Clock, SystemClock
from shared.egress import EgressPolicy, EgressResponse, GuardedClient
from shared.figures import Tally
from shared.metrics import Meter
from shared.models.chain import Chain
from shared.models.webhook import Delivery
from shared.queues.deliveries import DeliveryQueue
from shared.queues.jobs import JobQueue
from shared.queues.names import DELIVERIES, DELIVERIES_DEAD, DELIVERIES_SLOW, open_queue
from shared.queues.queue import Queue
from shared.settings import Settings
from shared.store.chains import Chains
from shared.store.database import Database
from shared.store.deliveries import Deliveries
from shared.store.events import Events, Logged
from shared.store.figures import Figures
from shared.store.hosts import Hosts
from shared.store.replays import Replays
from shared.store.webhook_health import WebhookHealth
from shared.store.webhooks import Webhooks
from shared.tracing import PASS_ON, Tracer
from shared.tracing.opening import open_tracer
from shared.vault import Vault

SERVICE = "hivewp-webhook-sender"
LAST_SPANS_S = 2.0


class Records(Protocol):
    """Where deliveries are recorded."""

    async def get(self, tenant: str, webhook_id: str, delivery_id: str) -> Delivery | None:
        """A delivery, or None. Raises StoreError."""

    async def newest(self, tenant: str, webhook_id: str, limit: int) -> list[Delivery]:
        """Up to `limit` of an endpoint, those of the newest events. Raises StoreError."""

    async def save(self, delivery: Delivery, now: float, *, keep_delivered: bool = False) -> None:
        """Stores a delivery. Raises StoreError, ConditionFailed where `keep_delivered` forbids it."""

    async def begin(self, delivery: Delivery, now: float) -> None:
        """Stores a delivery unless something is stored of it. Raises StoreError."""

    async def reschedule(self, delivery: Delivery, *, seen: str | None) -> None:
        """Stores its `next_attempt_at`. Raises StoreError, ConditionFailed where it is not retried at `seen`."""

    async def take(self, seen: Delivery, *, by: str, now: float, until: float) -> None:
        """Takes the attempt that is due. Raises StoreError, ConditionFailed where it is not as `seen`, or taken."""


class ChainStore(Protocol):
    """Where it stands how far each instance's events have come. Everything raises StoreError."""

    async def get(self, tenant: str, webhook_id: str, instance: str, now: float) -> Chain | None:
        """A chain, or None."""

    async def begin(self, chain: Chain, now: float) -> bool:
        """Stores one that there was not."""

    async def take(self, seen: Chain, holder: str, lease_until: float, now: float, asked_since: float) -> Chain | None:
        """The chain, taken; None when it is no longer as it was seen."""

    async def knock(self, seen: Chain, now: float) -> bool:
        """Whether its holder will look once more before it lets go."""

    async def release(self, held: Chain, now: float, *, unheard: bool = False) -> Chain | None:
        """Lets go; the chain, held on, where somebody has knocked and that is not to be `unheard`."""


class EventLog(Protocol):
    """Where the events of instances are read. Everything raises StoreError."""

    async def run_after(self, instance: str, sequence: int, limit: int) -> tuple[list[Logged], bool]:
        """What follows, in order, and whether there may be more."""

    async def run_before(self, instance: str, sequence: int, limit: int) -> list[Logged]:
        """What comes before, the last first."""


class Poster(Protocol):
    """The way out."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> EgressResponse:
        """One attempt. Raises EgressError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything the steps need. `places` bounds the attempts of the process, `bound` keeps that bound; `slow` is the
    slow lane's queue; `care` knows how endpoints do; `chains`, `log` and `holds` are for those that have their events
    in order; `jitter` gives 0 to 1; `meter` and `tally` count."""

    endpoints: Endpoints
    records: Records
    tasks: Tasks
    slow: Tasks
    dead: Tasks
    client: Poster
    replayer: Replayer
    catcher: Catcher
    vault: Vault
    places: Places
    care: Care
    chains: ChainStore
    log: EventLog
    holds: Holds = field(default_factory=Holds)
    bound: AutoBound | None = None
    clock: Clock = field(default_factory=SystemClock)
    jitter: Callable[[], float] = random.random
    schedule: tuple[float, ...] = SCHEDULE_S
    meter: Meter = field(default_factory=Meter.off)
    tally: Tally = field(default_factory=Tally.off)
    tracer: Tracer = PASS_ON


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
        poster = GuardedClient(
            policy, timeout=sender.timeout_s, connections=sender.concurrency * (1 + SILENT_PER_PLACE)
        )
        queue = await open_queue(sqs, settings.aws.prefix, DELIVERIES.name)
        places = Places(sender.concurrency)
        yield Services(
            endpoints=Webhooks(database),
            records=GroupedRecords(Deliveries(database)),
            tasks=GroupedTasks(queue),
            slow=GroupedTasks(await open_queue(sqs, settings.aws.prefix, DELIVERIES_SLOW.name)),
            replayer=_replayer(database, queue, clock),
            catcher=_catcher(database, queue, clock),
            dead=DeliveryQueue(await open_queue(sqs, settings.aws.prefix, DELIVERIES_DEAD.name)),
            client=await stack.enter_async_context(poster),
            vault=Vault.from_text(settings.sealing_key),
            places=places,
            bound=AutoBound(places, Hosts(database, clock), clock) if sender.auto else None,
            care=Care(WebhookHealth(database), clock),
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


def _catcher(database: Database, queue: Queue, clock: Clock) -> Catcher:
    deliveries, log = Deliveries(database), Events(database)
    return Catcher(
        endpoints=Webhooks(database),
        health=WebhookHealth(database),
        chains=Heads(chains=Chains(database), deliveries=deliveries, log=log),
        deliveries=Retries(deliveries=deliveries, log=log),
        tasks=DeliveryQueue(queue),
        pages=JobQueue(queue),
        clock=clock,
    )
