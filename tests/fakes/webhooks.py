"""The webhook sender's surroundings in memory: endpoints, records, queues, a way out, and time that can be moved.

Every step may be made to fail or to die by a `trap`: it is called with the step's name before and after its effect.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from functions.webhook_sender.catch_up.chain_heads import ChainHeads
from functions.webhook_sender.catch_up.early_retries import EarlyRetries
from functions.webhook_sender.catch_up.worker import CatchUpWorker
from functions.webhook_sender.health_cache import HealthCache
from functions.webhook_sender.incoming import Work, read
from functions.webhook_sender.lane import Lane
from functions.webhook_sender.ports import Poster
from functions.webhook_sender.replay import Replayer
from functions.webhook_sender.services import Services
from functions.webhook_sender.slots import Slots
from shared.clock import iso
from shared.egress import EgressResponse
from shared.endpoint_secrets import sealed_secret
from shared.models.catch_up import CatchUp
from shared.models.chain import Chain
from shared.models.event import Event, EventType
from shared.models.instance import InstanceKey
from shared.models.replay import Replay, ReplayState
from shared.models.stop_reason import StopReason
from shared.models.webhook import Delivery, DeliveryState, Webhook
from shared.queues.deliveries import DeliveryTask, encode
from shared.store.database import ConditionFailed
from shared.store.deliveries import KEPT_S, DeliveryFilter
from shared.store.events import Logged
from shared.store.webhook_journal import EndpointChange
from shared.store.webhooks import FEW
from shared.vault import Vault, new_key
from tests.fakes.clock import NOW, FakeClock

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
VAULT = Vault.from_text(new_key())

GONE_BY = ("cursor", "holder", "knocks", "lease_until", "waits_until", "behind", "died")  # what a chain's taker goes by
FOREVER = 1e12

Trap = Callable[[str], None]


def no_trap(step: str) -> None: ...


@dataclass
class FakeEndpoints:
    webhooks: list[Webhook] = field(default_factory=list)
    trap: Trap = no_trap
    asked: list[str] = field(default_factory=list)
    answered: list[Webhook] = field(default_factory=list)

    async def get(self, tenant: str, webhook_id: str) -> Webhook | None:
        return next(iter(await self.get_many(tenant, [webhook_id])), None)

    async def get_many(self, tenant: str, ids: Collection[str]) -> list[Webhook]:
        assert len(set(ids)) == len(ids), "DynamoDB refuses to be asked twice for the same"
        return await self._answer(tenant, lambda one: one.id in ids)

    async def candidates(self, tenant: str, ids: Collection[str]) -> list[Webhook]:
        few = sum(one.tenant == tenant for one in self.webhooks) <= FEW
        return await self._answer(tenant, lambda one: few or one.made_for is None or one.id in ids)

    async def _answer(self, tenant: str, keep: Callable[[Webhook], bool]) -> list[Webhook]:
        self.trap("before resolve")
        self.asked.append(tenant)
        await asyncio.sleep(0)
        found = [one for one in self.webhooks if one.tenant == tenant and keep(one)]
        self.answered += found
        return found


@dataclass
class FakeHealth:
    """The health on the rows of FakeEndpoints, and what was journaled."""

    endpoints: FakeEndpoints
    trap: Trap = no_trap
    changes: list[Mapping[str, Any]] = field(default_factory=list)
    journal: list[tuple[str, EndpointChange, str | None]] = field(default_factory=list)

    async def change(
        self,
        tenant: str,
        webhook_id: str,
        sets: Mapping[str, Any],
        seen: Mapping[str, Any],
        *,
        journal: tuple[EndpointChange, str | None] | None = None,
        at: float = 0.0,
    ) -> bool:
        self.trap("before health")
        await asyncio.sleep(0)
        for place, one in enumerate(self.endpoints.webhooks):
            if (one.tenant, one.id) == (tenant, webhook_id):
                if any(getattr(one if name == "url" else one.health, name) != value for name, value in seen.items()):
                    return False
                self.endpoints.webhooks[place] = replace(one, health=replace(one.health, **sets))
                self.changes.append(sets)
                self.journal += [(webhook_id, *journal)] if journal else []
                self.trap("after health")
                return True
        return False


@dataclass
class FakeRecords:
    trap: Trap = no_trap
    found: dict[tuple[str, str], Delivery] = field(default_factory=dict)
    taken: dict[tuple[str, str], tuple[str, float]] = field(default_factory=dict)
    saves: int = 0
    gets: int = 0
    takes: int = 0
    looks: int = 0

    async def get(self, tenant: str, webhook_id: str, delivery_id: str) -> Delivery | None:
        self.trap("before get")
        self.gets += 1
        return self.found.get((webhook_id, delivery_id))

    async def save(self, delivery: Delivery, now: float, *, keep_delivered: bool = False) -> None:
        self.trap("before save")
        key = delivery.webhook_id, delivery.id
        stored = self.found.get(key)
        if keep_delivered and stored and stored.state is DeliveryState.DELIVERED:
            raise ConditionFailed
        self.saves += 1
        self.found[key] = delivery
        self.taken.pop(key, None)
        self.trap("after save")

    async def begin(self, delivery: Delivery, now: float) -> None:
        self.trap("before begin")
        await asyncio.sleep(0)
        self.found.setdefault((delivery.webhook_id, delivery.id), delivery)
        self.trap("after begin")

    async def reschedule(self, delivery: Delivery, *, seen: str | None) -> None:
        self.trap("before claim")
        key = delivery.webhook_id, delivery.id
        stored = self.found.get(key)
        if stored is None or (stored.state, stored.next_attempt_at) != (DeliveryState.RETRYING, seen):
            raise ConditionFailed
        self.found[key] = replace(stored, next_attempt_at=delivery.next_attempt_at)
        self.trap("after claim")

    async def take(self, seen: Delivery, *, by: str, now: float, until: float) -> None:
        self.trap("before take")
        self.takes += 1
        key = seen.webhook_id, seen.id
        stored, (taken_by, taken_until) = self.found.get(key), self.taken.get(key, (by, 0.0))
        if stored is None or (stored.state, stored.round) != (seen.state, seen.round):
            raise ConditionFailed
        if seen.next_attempt_at not in (None, stored.next_attempt_at) or (taken_by != by and taken_until >= now):
            raise ConditionFailed
        self.taken[key] = by, until
        self.trap("after take")

    async def page(
        self,
        tenant: str,
        webhook_id: str,
        limit: int,
        start: str | None = None,
        *,
        sought: DeliveryFilter,
        ascending: bool,
    ) -> tuple[list[Delivery], str | None]:
        self.trap("before page")
        assert ascending
        low, high = sought.ids
        named = sorted(one.id for (webhook, _), one in self.found.items() if webhook == webhook_id)
        rest = [name for name in named if low <= name <= high and name > (start or "")]
        page = [self.found[webhook_id, name] for name in rest[:limit]]
        last = rest[limit - 1] if len(rest) > limit else None
        return [one for one in page if not sought.states or one.state in sought.states], last

    async def newest(self, tenant: str, webhook_id: str, limit: int) -> list[Delivery]:
        self.trap("before newest")
        self.looks += 1
        named = sorted((one.id for (webhook, _), one in self.found.items() if webhook == webhook_id), reverse=True)
        return [self.found[webhook_id, name] for name in named[:limit]]

    def of(self, webhook_id: str) -> Delivery:
        """The only delivery of an endpoint."""
        (found,) = (one for (webhook, _), one in self.found.items() if webhook == webhook_id)
        return found


@dataclass
class FakeTasks:
    name: str
    trap: Trap = no_trap
    tasks: list[tuple[DeliveryTask, int]] = field(default_factory=list)

    async def put(self, tasks: Sequence[DeliveryTask], delay_s: int = 0) -> None:
        self.trap(f"before {self.name}")
        self.tasks += [(task, delay_s) for task in tasks]
        self.trap(f"after {self.name}")


@dataclass
class FakeLog:
    """Bodies by instance and sequence."""

    trap: Trap = no_trap
    bodies: dict[tuple[str, int], str] = field(default_factory=dict)

    async def get_many(self, tenant: str, wanted: Sequence[tuple[str, int]]) -> dict[tuple[str, int], str]:
        self.trap("before log")
        return {place: self.bodies[place] for place in wanted if place in self.bodies}

    async def run_after(self, instance: str, sequence: int, limit: int) -> tuple[list[Logged], bool]:
        self.trap("before log")
        await asyncio.sleep(0)
        found = [one for one in self._of(instance) if one > sequence]
        return [self._logged(instance, one) for one in found[:limit]], len(found) > limit

    async def run_before(self, instance: str, sequence: int, limit: int) -> list[Logged]:
        self.trap("before log")
        found = [one for one in self._of(instance) if one < sequence]
        return [self._logged(instance, one) for one in found[::-1][:limit]]

    def add(self, *events: Event) -> None:
        """Logs events."""
        self.bodies |= {(event.instance or "", event.sequence or 0): event.body() for event in events}

    def _of(self, instance: str) -> list[int]:
        return sorted(sequence for name, sequence in self.bodies if name == InstanceKey.parse(instance).id)

    def _logged(self, instance: str, sequence: int) -> Logged:
        return Logged(self.bodies[InstanceKey.parse(instance).id, sequence], sequence=sequence)


@dataclass
class FakeChains:
    """Chains as shared.store.chains has them, each change at once or not at all: what a taker goes by is compared, and
    only what is changed is written. `calls` counts. Which cases both are held to: tests/fakes/cases/chains.py."""

    trap: Trap = no_trap
    found: dict[tuple[str, str, str], Chain] = field(default_factory=dict)
    kept_until: dict[tuple[str, str, str], float] = field(default_factory=dict)
    calls: int = 0

    async def get(self, tenant: str, webhook_id: str, instance: str, now: float) -> Chain | None:
        await self._call("look at chain")
        return self._kept((tenant, webhook_id, instance), now)

    async def page(
        self, tenant: str, webhook_id: str, limit: int, now: float, start: str | None = None
    ) -> tuple[list[Chain], str | None]:
        await self._call("page of chains")
        keys = [key for key in sorted(self.found) if key[:2] == (tenant, webhook_id) and key[2] > (start or "")]
        page = [one for key in keys[:limit] if (one := self._kept(key, now))]
        return page, keys[limit - 1][2] if len(keys) > limit else None

    async def begin(self, chain: Chain, now: float) -> bool:
        await self._call("begin chain")
        stored = self._kept(_chain_key(chain), now)
        return self._store(chain, now, holds=stored is None or stored.made_at != chain.made_at)

    async def take(self, seen: Chain, holder: str, lease_until: float, now: float, asked_since: float) -> Chain | None:
        await self._call("take chain")
        taken, stored = seen.taken(holder, lease_until, asked_since), self.found.get(_chain_key(seen))
        as_seen = stored is not None and all(getattr(stored, name) == getattr(seen, name) for name in GONE_BY)
        written = _over(stored, taken, ("holder", "lease_until", "asked_since", "died", "waits_until", "aside"))
        return taken if self._store(written, now, holds=as_seen) else None

    async def knock(self, seen: Chain, now: float) -> bool:
        await self._call("knock")
        stored = self._held(seen)
        return self._store(stored and replace(stored, knocks=stored.knocks + 1), now, holds=stored is not None)

    async def release(self, held: Chain, now: float, *, unheard: bool = False) -> Chain | None:
        await self._call("let go")
        stored = self._held(held)
        if stored and stored.knocks != held.knocks and not unheard:
            return replace(held, knocks=stored.knocks)
        left = _over(stored, held, ("cursor", "behind", "waits_until", "aside", "died"))
        self._store(left and replace(left, holder=None, lease_until=0.0), now, holds=stored is not None)
        return None

    async def _call(self, step: str) -> None:
        self.trap(f"before {step}")
        self.calls += 1
        await asyncio.sleep(0)

    def _kept(self, key: tuple[str, str, str], now: float) -> Chain | None:
        return self.found.get(key) if int(self.kept_until.get(key, FOREVER)) > now else None

    def _held(self, chain: Chain) -> Chain | None:
        stored = self.found.get(_chain_key(chain))
        return stored if stored and chain.holder is not None and stored.holder == chain.holder else None

    def _store(self, chain: Chain | None, now: float, *, holds: bool) -> bool:
        if chain and holds:
            self.found[_chain_key(chain)] = chain
            self.kept_until[_chain_key(chain)] = now + KEPT_S
        self.trap("after chain")
        return holds


def _chain_key(chain: Chain) -> tuple[str, str, str]:
    return chain.tenant, chain.webhook_id, chain.instance


def _over(stored: Chain | None, changed: Chain, names: Sequence[str]) -> Chain | None:
    """What is stored, with these fields of the one that is changed."""
    return stored and replace(stored, **{name: getattr(changed, name) for name in names})


@dataclass
class FakeProgress:
    """How far replays have come, by their id, and what the journals were told of their ends."""

    trap: Trap = no_trap
    found: dict[str, Replay] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    async def get(self, tenant: str, webhook_id: str, replay_id: str) -> Replay | None:
        return self.found.get(replay_id)

    async def save(self, replay: Replay, now: float, *, again: bool = False) -> None:
        self.trap("before progress")
        stored, place = self.found.get(replay.id), _place(replay)
        if stored and (_place(stored) > place or (_place(stored) == place and not again)):
            raise ConditionFailed
        self.found[replay.id] = replay
        self.trap("after progress")

    async def end(
        self,
        tenant: str,
        webhook_id: str,
        replay_id: str,
        state: ReplayState,
        now: float,
        reason: StopReason | None = None,
    ) -> Replay | None:
        self.trap("before end")
        stored = self.found.get(replay_id)
        if stored and not stored.finished_at:
            stored = self.found[replay_id] = stored.ended(state, now, reason)
            self.told.append(stored.told())
        self.trap("after end")
        return stored


def _place(replay: Replay) -> str:
    return "~" if replay.finished_at else replay.cursor or ""


@dataclass
class FakePages:
    """Replays that wait for their next page."""

    trap: Trap = no_trap
    replays: list[tuple[Replay, int]] = field(default_factory=list)

    async def put(self, replay: Replay, delay_s: int = 0) -> None:
        self.trap("before next page")
        self.replays.append((replay, delay_s))
        self.trap("after next page")


@dataclass
class FakeCatchUps:
    """Catch-ups that wait for their next page."""

    trap: Trap = no_trap
    jobs: list[tuple[CatchUp, int]] = field(default_factory=list)

    async def put(self, job: CatchUp, delay_s: int = 0) -> None:
        self.trap("before catch-up")
        self.jobs.append((job, delay_s))
        self.trap("after catch-up")


@dataclass
class FakePoster:
    """Answers by the statuses or answers given for a URL, one after the other; 200 where none are."""

    answers: dict[str, Iterator[int | EgressResponse]] = field(default_factory=dict)
    trap: Trap = no_trap
    calls: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> EgressResponse:
        self.trap("before post")
        self.calls.append((url, body, headers))
        await asyncio.sleep(0)
        status = next(self.answers[url]) if url in self.answers else 200
        self.trap("after post")
        return status if isinstance(status, EgressResponse) else EgressResponse(status, 3, b"thanks")


@dataclass
class Fakes:
    """All of them, and the Services made of them."""

    endpoints: FakeEndpoints
    health: FakeHealth
    records: FakeRecords
    tasks: FakeTasks
    slow: FakeTasks
    dead: FakeTasks
    poster: FakePoster
    log: FakeLog
    chains: FakeChains
    progress: FakeProgress
    pages: FakePages
    catch_ups: FakeCatchUps
    clock: FakeClock
    services: Services


def fakes(*webhooks: Webhook, trap: Trap = no_trap, client: Poster | None = None, **changes: Any) -> Fakes:
    """A sender's surroundings with these endpoints; `changes` go into Services."""
    endpoints, records = FakeEndpoints(list(webhooks), trap), FakeRecords(trap)
    tasks, slow, dead = FakeTasks("schedule", trap), FakeTasks("move", trap), FakeTasks("bury", trap)
    health = FakeHealth(endpoints, trap)
    poster, clock = FakePoster(trap=trap), FakeClock()
    log, progress, pages, chains = FakeLog(trap), FakeProgress(trap), FakePages(trap), FakeChains(trap)
    catch_ups = FakeCatchUps(trap)
    services = Services(
        endpoints=endpoints,
        records=records,
        tasks=tasks,
        slow=slow,
        dead=dead,
        client=client or poster,
        replayer=Replayer(
            endpoints=endpoints,
            deliveries=records,
            log=log,
            progress=progress,
            tasks=tasks,
            pages=pages,
            clock=clock,
        ),
        catch_up_worker=CatchUpWorker(
            endpoints=endpoints,
            health=health,
            chains=ChainHeads(chains=chains, deliveries=records, log=log),
            deliveries=EarlyRetries(deliveries=records, log=log),
            tasks=tasks,
            pages=catch_ups,
            clock=clock,
        ),
        vault=VAULT,
        slots=Slots(25),
        health_cache=HealthCache(health, clock),
        chains=chains,
        log=log,
        clock=clock,
        jitter=lambda: 0.0,
    )
    services = replace(services, **changes)
    return Fakes(
        endpoints, health, records, tasks, slow, dead, poster, log, chains, progress, pages, catch_ups, clock, services
    )


def a_webhook(name: str = "a", *, tenant: str = "acme", secrets: Sequence[str] = (SECRET,), **changes: Any) -> Webhook:
    """An endpoint `wh_<name>` at `http://<name>.test/`."""
    webhook_id = f"wh_{name}"
    sealed = tuple(sealed_secret(VAULT, tenant, webhook_id, secret) for secret in secrets)
    made = Webhook(tenant=tenant, id=webhook_id, url=f"http://{name}.test/", created_at=iso(NOW), secrets=sealed)
    return replace(made, **changes)


def an_event(number: int = 1, event_type: EventType = EventType.MESSAGE_RECEIVED) -> Event:
    """An event that happened at NOW."""
    return Event(f"evt_{number}", event_type, iso(NOW), {"text": "olá"}, "shop-1", number)


def a_task(event: Event | None = None, **changes: Any) -> DeliveryTask:
    """A task for all endpoints of `acme`."""
    return replace(DeliveryTask("acme", (event or an_event()).body()), **changes)


def a_record(
    task: DeliveryTask, *, receives: int = 1, sent_at: float = NOW, message_id: str = "m1", lane: Lane = Lane.FAST
) -> dict[str, Any]:
    """The task as Lambda hands it over."""
    queue = "test-deliveries-slow" if lane is Lane.SLOW else "test-deliveries"
    attributes = {"ApproximateReceiveCount": str(receives), "SentTimestamp": str(round(sent_at * 1000))}
    source = f"arn:aws:sqs:us-east-1:000000000000:{queue}"
    return {"messageId": message_id, "body": encode(task), "attributes": attributes, "eventSourceARN": source}


def a_work(
    task: DeliveryTask | None = None, *, receives: int = 1, sent_at: float = NOW, lane: Lane = Lane.FAST
) -> Work:
    """A task as it was received."""
    return read(a_record(task or a_task(), receives=receives, sent_at=sent_at, lane=lane))
