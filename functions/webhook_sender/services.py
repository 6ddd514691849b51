"""What the sender's steps work with. It is put together in compose.py."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from functions.webhook_sender.auto_concurrency import AutoConcurrency
from functions.webhook_sender.catch_up.worker import CatchUpWorker
from functions.webhook_sender.decide import SCHEDULE_S
from functions.webhook_sender.health_cache import HealthCache
from functions.webhook_sender.ordered.holds import Holds
from functions.webhook_sender.pace import Pace
from functions.webhook_sender.ports import ChainStore, Endpoints, EventLog, Poster, Records, Tasks
from functions.webhook_sender.replay import Replayer
from functions.webhook_sender.slots import Slots
from shared.clock import Clock, SystemClock
from shared.figures import Tally
from shared.metrics import Meter
from shared.models.webhook import Webhook
from shared.tracing import PASS_ON, Tracer
from shared.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything the steps need.

    `slots` limits how many attempts run at once, `auto_concurrency` adjusts that limit; `slow` is the slow lane's
    queue; `health_cache` knows each endpoint's health; `chains`, `log` and `holds` serve ordered endpoints; `jitter`
    returns 0 to 1; `meter` and `tally` count."""

    endpoints: Endpoints
    records: Records
    tasks: Tasks
    slow: Tasks
    dead: Tasks
    client: Poster
    replayer: Replayer
    catch_up_worker: CatchUpWorker
    vault: Vault
    slots: Slots
    health_cache: HealthCache
    chains: ChainStore
    log: EventLog
    holds: Holds = field(default_factory=Holds)
    auto_concurrency: AutoConcurrency | None = None
    clock: Clock = field(default_factory=SystemClock)
    jitter: Callable[[], float] = random.random
    schedule: tuple[float, ...] = SCHEDULE_S
    meter: Meter = field(default_factory=Meter.off)
    tally: Tally = field(default_factory=Tally.off)
    tracer: Tracer = PASS_ON

    def pace_of(self, webhook: Webhook) -> Pace:
        """An endpoint as this process deals with it, given what it knows of its health."""
        slow = self.health_cache.health(webhook).slow_at(self.clock.unix())
        return self.slots.pace((webhook.tenant, webhook.id), slow=slow)
