"""One look at the figures of a deployment, as alarms need them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from functions.api.monitoring.deployment import Deployment, Seen
from functions.api.services import Services
from shared.alarms import Alarm, Frequent, Share
from shared.alarms import catalog as alarms
from shared.alarms.traffic import CALLS_TO_JUDGE_BY
from shared.figures import (
    ATTEMPTS_DELIVERED,
    ATTEMPTS_FAILED,
    CLASSES,
    CLIENTS_OUTDATED,
    DELIVERIES_DEAD,
    Histogram,
    calls_name,
)
from shared.figures.counts import Counts
from shared.metrics import INSTANCES_CONNECTED_PERCENT, PARTITIONS_UNOWNED
from shared.queues.names import COMMANDS_DEAD
from shared.queues.queue import Depth
from shared.store.cache import CacheKind

_HITS, _MISSES = f"{CacheKind.NUMBERS}_hits", f"{CacheKind.NUMBERS}_misses"


@dataclass(frozen=True, slots=True)
class Reading:
    """`at` in unix seconds; `gauges`: figures of that moment by alarm, where there are any; `counts`: sums since the
    deployment began."""

    at: float
    gauges: Mapping[Alarm, float]
    counts: Counts


async def read(services: Services, deployment: Deployment) -> Reading:
    """Looks once. Raises StoreError, QueueError."""
    seen = await deployment.look()
    sums = await services.figures.read()
    return Reading(services.clock.unix(), gauges_of(seen), {**sums.total, **sums.cache})


def gauges_of(seen: Seen) -> dict[Alarm, float]:
    """What is so at the moment, in each alarm's unit."""
    told = seen.gauges()
    found = {
        alarms.PARTITION_UNOWNED: told.get(PARTITIONS_UNOWNED),
        alarms.INSTANCES_CONNECTED: told.get(INSTANCES_CONNECTED_PERCENT),
        alarms.HOST_MEMORY_HIGH: max(
            (100 * host.memory_used / host.memory_limit for host in seen.hosts if host.memory_limit), default=None
        ),
        alarms.COMMANDS_DEAD: _held(seen.queues[COMMANDS_DEAD.name]),
    }
    return {alarm: value for alarm, value in found.items() if value is not None}


def _held(depth: Depth) -> float:
    return depth.waiting + depth.in_flight


def _slow(counts: Counts) -> float | None:
    durations = Histogram.of(counts)
    return durations.quantile(0.95) if durations.count >= _at_least(alarms.API_SLOW) else alarms.API_SLOW.good()


def _failing(counts: Counts) -> float | None:
    calls = sum(counts.get(calls_name(name), 0) for name in CLASSES)
    return _share(alarms.API_FAILING, counts.get(calls_name("5xx"), 0), calls, CALLS_TO_JUDGE_BY)


def _webhooks(counts: Counts) -> float | None:
    failed = counts.get(ATTEMPTS_FAILED, 0)
    made = failed + counts.get(ATTEMPTS_DELIVERED, 0)
    return _share(alarms.WEBHOOKS_FAILING, failed, made, _at_least(alarms.WEBHOOKS_FAILING))


def _cached(counts: Counts) -> float | None:
    hits = counts.get(_HITS, 0)
    return _share(alarms.CACHE_COLD, hits, hits + counts.get(_MISSES, 0), _at_least(alarms.CACHE_COLD))


def _share(alarm: Alarm, part: int, whole: int, at_least: int) -> float:
    return 100 * part / whole if whole >= at_least else alarm.good()


def _at_least(alarm: Alarm) -> int:
    return alarm.of.at_least if isinstance(alarm.of, Share | Frequent) else 0


COUNTED: Mapping[Alarm, Callable[[Counts], float | None]] = {
    alarms.CLIENT_OUTDATED: lambda counts: float(counts.get(CLIENTS_OUTDATED, 0)),
    alarms.DELIVERIES_DEAD: lambda counts: float(counts.get(DELIVERIES_DEAD, 0)),
    alarms.API_SLOW: _slow,
    alarms.API_FAILING: _failing,
    alarms.WEBHOOKS_FAILING: _webhooks,
    alarms.CACHE_COLD: _cached,
}
"""Alarms over what was counted in a period, and the figure that it gives."""
GAUGES = (
    alarms.PARTITION_UNOWNED,
    alarms.INSTANCES_CONNECTED,
    alarms.HOST_MEMORY_HIGH,
    alarms.COMMANDS_DEAD,
)
"""Alarms over what is so at a moment."""
WATCHED = (*GAUGES, *COUNTED)
