"""The figures of /monitoring/metrics: the deployment's as they were seen, and the caller's own instances."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from functions.api.monitoring.deployment import Deployment, Seen
from functions.api.monitoring.own import messages_of, own_figures
from functions.api.monitoring.schemas import (
    CacheFigures,
    CacheOfKind,
    CommandFigures,
    HostCpu,
    HostFigures,
    HostMemory,
    Lease,
    Metrics,
    Requests,
    Totals,
    WebhookFigures,
)
from functions.api.services import Services
from shared.clock import iso, parse_iso
from shared.figures import ATTEMPTS_DELIVERED, ATTEMPTS_FAILED, CLASSES, Histogram, calls_name
from shared.figures.counts import Counts, less
from shared.models.host import HostReport
from shared.models.instance import Instance, InstanceState
from shared.models.mark import Mark
from shared.queues.names import COMMANDS_DEAD, DELIVERIES, DELIVERIES_DEAD
from shared.store.figures import Sums

_SUCCESSFUL = ("2xx", "3xx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the answer is made of: `own` instances with their marks are the caller's, the rest is the deployment's."""

    seen: Seen
    sums: Sums
    cache: Mapping[str, Mapping[str, int]]
    own: Sequence[Instance]
    marks: Mapping[str, Mark]


async def figures_for(services: Services, deployment: Deployment, tenant: str) -> Figures:
    """All of it, as far as it can be at once. Raises StoreError, QueueError.

    Costs besides `deployment`'s look: a write when this process has counted anything, BatchGetItem and GetItem for
    sums, a Query for each 1 MB of the tenant's instances and a BatchGetItem for each 100 of them."""
    sums, cache, (own, marks), seen = await asyncio.gather(
        _sums(services), services.cache.counted(), own_figures(services, tenant), deployment.look()
    )
    return Figures(seen=seen, sums=sums, cache=cache, own=own, marks=marks)


async def _sums(services: Services) -> Sums:
    await services.tally.hand_over(now=True)  # else the calls of a moment ago would be missing
    return await services.figures.read()


def metrics(figures: Figures) -> Metrics:
    """The answer."""
    seen, sums = figures.seen, figures.sums
    lately = less(sums.total, sums.before)
    states = Counter(one.state for one in figures.own)
    return Metrics(
        at=iso(seen.at),
        since=iso(sums.since),
        requests=_requests(lately),
        cache=_cache(figures.cache),
        webhooks=_webhooks(seen, lately),
        commands=_commands(seen),
        instances={"total": len(figures.own)} | {state: states[state] for state in InstanceState},
        messages=messages_of(figures.marks.values()),
        hosts=[_host(host, seen.at) for host in seen.hosts],
        totals=_totals(sums.total),
    )


def _requests(counts: Counts) -> Requests:
    by_status = {name: counts.get(calls_name(name), 0) for name in CLASSES}
    durations, total = Histogram.of(counts), sum(by_status.values())
    success = sum(by_status[name] for name in _SUCCESSFUL)
    p50, p95 = durations.quantile(0.5), durations.quantile(0.95)
    return Requests(
        total=total,
        success=success,
        failed=total - success,
        success_rate=_share(success, total),
        p50_ms=None if p50 is None else round(p50, 1),
        p95_ms=None if p95 is None else round(p95, 1),
        by_status=by_status,
    )


def _cache(counted: Mapping[str, Mapping[str, int]]) -> CacheFigures:
    together: Counter[str] = Counter()
    for counts in counted.values():
        together.update(counts)
    return CacheFigures(
        **_of_kind(together).model_dump(), by_kind={kind: _of_kind(counts) for kind, counts in counted.items()}
    )


def _of_kind(counts: Mapping[str, int]) -> CacheOfKind:
    hits, misses = counts.get("hits", 0), counts.get("misses", 0)
    return CacheOfKind(
        hits=hits,
        misses=misses,
        hit_rate=_share(hits, hits + misses),
        evictions=counts.get("expired", 0),
        writes=counts.get("writes", 0),
    )


def _webhooks(seen: Seen, counts: Counts) -> WebhookFigures:
    waiting, dead = seen.queues[DELIVERIES.name], seen.queues[DELIVERIES_DEAD.name]
    return WebhookFigures(
        queued=waiting.waiting + waiting.delayed,
        processing=waiting.in_flight,
        processed=counts.get(ATTEMPTS_DELIVERED, 0),
        failed=counts.get(ATTEMPTS_FAILED, 0),
        dead=dead.waiting + dead.in_flight,
    )


def _commands(seen: Seen) -> CommandFigures:
    queued = sum(depth.waiting + depth.in_flight + depth.delayed for depth in seen.commands)
    dead = seen.queues[COMMANDS_DEAD.name]
    oldest = _oldest(seen.hosts, seen.at) if queued else 0.0
    return CommandFigures(queued=queued, oldest_age_s=oldest, dead=dead.waiting + dead.in_flight)


def _oldest(hosts: Sequence[HostReport], now: float) -> float | None:
    queued_at = [worker.oldest_command for host in hosts for worker in host.workers if worker.oldest_command]
    return max(0.0, round(now - min(queued_at), 1)) if queued_at else None


def _host(host: HostReport, now: float) -> HostFigures:
    leases = sorted((int(partition), age) for partition, age in host.lease_ages.items())
    return HostFigures(
        id=host.id,
        started_at=host.started_at,
        heartbeat_age_s=max(0.0, round(now - parse_iso(host.at), 1)),
        memory=HostMemory(
            used=host.memory_used, limit=host.memory_limit, usage=_share(host.memory_used, host.memory_limit) or 0.0
        ),
        cpu=HostCpu(used=host.cpu_used, limit=host.cpu_limit, usage=_share(host.cpu_used, host.cpu_limit) or 0.0),
        sessions=sum(sum(worker.states.values()) for worker in host.workers),
        workers=len(host.workers),
        standbys=host.standbys,
        partitions=[partition for partition, _ in leases],
        leases=[Lease(partition=partition, age_s=age) for partition, age in leases],
    )


def _totals(counts: Counts) -> Totals:
    failed = sum(counts.get(calls_name(name), 0) for name in CLASSES if name not in _SUCCESSFUL)
    return Totals(
        requests=sum(counts.get(calls_name(name), 0) for name in CLASSES),
        requests_failed=failed,
        webhooks_processed=counts.get(ATTEMPTS_DELIVERED, 0),
        webhooks_failed=counts.get(ATTEMPTS_FAILED, 0),
    )


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None
