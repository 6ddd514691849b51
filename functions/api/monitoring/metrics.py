"""The figures of /monitoring/metrics: the deployment's as they were seen, and the caller's own instances."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from functions.api.monitoring.deployment import Deployment, Seen
from functions.api.monitoring.own import Own, OwnFigures
from functions.api.monitoring.schemas import (
    CacheFigures,
    CacheOfKind,
    CommandFigures,
    HostCpu,
    HostFigures,
    HostMemory,
    Lease,
    Metrics,
    PartitionFigures,
    Requests,
    Totals,
    WebhookFigures,
)
from functions.api.services import Services
from shared.clock import iso, parse_iso
from shared.figures import (
    ATTEMPTS_DELIVERED,
    ATTEMPTS_FAILED,
    CLASSES,
    CLIENTS_OUTDATED,
    DELIVERIES_DEAD,
    Histogram,
    calls_name,
)
from shared.figures.counts import Counts, less
from shared.metrics import INSTANCES_CONNECTED_PERCENT, PARTITIONS_UNOWNED
from shared.models.host import HostReport
from shared.models.instance import InstanceState
from shared.queues import names
from shared.queues.names import COMMANDS_DEAD, DELIVERIES, DELIVERIES_SLOW
from shared.store.cache import COUNTED
from shared.store.cache_counts import by_kind
from shared.store.figures import Sums

_SUCCESSFUL = ("2xx", "3xx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the answer is made of: `own` is the caller's, the rest is the deployment's."""

    seen: Seen
    sums: Sums
    own: Own


async def figures_for(services: Services, deployment: Deployment, own_figures: OwnFigures, tenant: str) -> Figures:
    """All of it, as far as it can be at once. Raises StoreError, QueueError.

    Costs besides `deployment`'s look: a write when this process has counted anything and one when its cache has, a
    BatchGetItem for sums; and once a second, a Query for each 1 MB of the tenant's instances and a BatchGetItem for
    each 100 of them."""
    sums, own, seen = await asyncio.gather(_sums(services), own_figures.look(tenant), deployment.look())
    return Figures(seen=seen, sums=sums, own=own)


async def _sums(services: Services) -> Sums:
    # else the calls of a moment ago would be missing
    await asyncio.gather(services.tally.hand_over(now=True), services.cache.flush(now=True))
    return await services.figures.read()


def metrics(figures: Figures) -> Metrics:
    """The answer."""
    seen, sums = figures.seen, figures.sums
    lately = less(sums.total, sums.before)
    return Metrics(
        at=iso(seen.at),
        since=iso(sums.since),
        requests=_requests(lately),
        cache=_cache(by_kind(sums.cache, COUNTED)),
        webhooks=_webhooks(seen, lately),
        commands=_commands(seen),
        instances={"total": figures.own.total} | {state: figures.own.states.get(state, 0) for state in InstanceState},
        messages=figures.own.messages,
        partitions=_partitions(seen),
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
    lanes, dead = (
        [seen.queues[lane.name] for lane in (DELIVERIES, DELIVERIES_SLOW)],
        seen.queues[names.DELIVERIES_DEAD.name],
    )
    return WebhookFigures(
        queued=sum(lane.waiting + lane.delayed for lane in lanes),
        processing=sum(lane.in_flight for lane in lanes),
        processed=counts.get(ATTEMPTS_DELIVERED, 0),
        failed=counts.get(ATTEMPTS_FAILED, 0),
        dead=dead.waiting + dead.in_flight,
    )


def _commands(seen: Seen) -> CommandFigures:
    queued = sum(depth.waiting + depth.in_flight + depth.delayed for depth in seen.commands)
    dead = seen.queues[COMMANDS_DEAD.name]
    oldest = _oldest(seen.hosts, seen.at) if queued else 0.0
    return CommandFigures(queued=queued, oldest_age_s=oldest, dead=dead.waiting + dead.in_flight)


def _partitions(seen: Seen) -> PartitionFigures:
    gauges = seen.gauges()
    connected = gauges.get(INSTANCES_CONNECTED_PERCENT)
    return PartitionFigures(
        total=len(seen.leases),
        unowned=int(gauges[PARTITIONS_UNOWNED]),
        connected_share=None if connected is None else round(connected / 100, 4),
    )


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
        deliveries_dead=counts.get(DELIVERIES_DEAD, 0),
        clients_outdated=counts.get(CLIENTS_OUTDATED, 0),
    )


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None
