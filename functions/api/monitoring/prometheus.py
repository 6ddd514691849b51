"""The same figures as text for Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats/ (0.0.4).

Own code, since it is this little: the official client is the registry of one process, and these are sums of many.
Labels are few and bounded: a status class, a kind of cache, a state, a host that is alive; never a tenant or instance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from functions.api.monitoring.schemas import CommandFigures, HostFigures, Metrics, PartitionFigures, WebhookFigures
from shared.figures import (
    ATTEMPTS_DELIVERED,
    ATTEMPTS_FAILED,
    BOUNDS_MS,
    CLASSES,
    DELIVERIES_DEAD,
    Histogram,
    calls_name,
)
from shared.figures.counts import Counts
from shared.figures.histogram import STEPS_A_DOUBLING

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = Mapping[str, str]
Sample = tuple[Labels, float | None]

_SHOWN = range(0, len(BOUNDS_MS), STEPS_A_DOUBLING)  # one bound for each doubling: Prometheus keeps a series for each


@dataclass(frozen=True, slots=True)
class Family:
    """A metric with its samples; those of None are left out."""

    name: str
    kind: str
    help: str
    samples: tuple[Sample, ...]

    def lines(self) -> Iterator[str]:
        """The family as text; nothing when it has no samples."""
        found = [(labels, value) for labels, value in self.samples if value is not None]
        if found:
            yield from _head(self.name, self.kind, self.help)
            yield from (_line(self.name, labels, value) for labels, value in found)


def text(metrics: Metrics, total: Counts) -> str:
    """All of it; `total` are the sums since the deployment began, which counters are made of."""
    families = [*_requests(total), *_cache(metrics), *_webhooks(metrics.webhooks, total), *_commands(metrics.commands)]
    families += [
        *_own(metrics),
        *_partitions(metrics.partitions, metrics.totals.clients_outdated),
        *_hosts(metrics.hosts),
    ]
    lines = [line for family in families for line in family.lines()]
    return "\n".join([*lines, *_durations(Histogram.of(total))]) + "\n"


def _requests(total: Counts) -> Iterator[Family]:
    samples = ((({"status": name}), total.get(calls_name(name), 0)) for name in CLASSES)
    yield _counter("hivewp_requests_total", "Calls that reached the API, by class of their status.", samples)


def _cache(metrics: Metrics) -> Iterator[Family]:
    kinds = metrics.cache.by_kind.items()
    for name, meaning in (
        ("hits", "Look-ups that the cache answered."),
        ("misses", "Look-ups that it could not answer, what had expired included."),
        ("evictions", "Entries that were found expired."),
    ):
        samples = (({"kind": kind}, getattr(figures, name)) for kind, figures in kinds)
        yield _counter(f"hivewp_cache_{name}_total", meaning, samples)


def _webhooks(webhooks: WebhookFigures, total: Counts) -> Iterator[Family]:
    yield _gauge("hivewp_webhooks_queued", "Deliveries that wait for an attempt.", [({}, webhooks.queued)])
    yield _gauge("hivewp_webhooks_processing", "Deliveries that are being attempted.", [({}, webhooks.processing)])
    yield _gauge("hivewp_webhooks_dead", "Deliveries on the dead-letter queue.", [({}, webhooks.dead)])
    outcomes = (("delivered", ATTEMPTS_DELIVERED), ("failed", ATTEMPTS_FAILED))
    samples = (({"outcome": outcome}, total.get(name, 0)) for outcome, name in outcomes)
    yield _counter("hivewp_webhook_attempts_total", "Attempts at endpoints, by how they ended.", samples)
    meaning = "Deliveries that were given up; not those to endpoints that answered 410 or were disabled."
    yield _counter("hivewp_deliveries_dead_total", meaning, [({}, total.get(DELIVERIES_DEAD, 0))])


def _commands(commands: CommandFigures) -> Iterator[Family]:
    yield _gauge("hivewp_commands_queued", "Commands that are not carried out yet.", [({}, commands.queued)])
    yield _gauge(
        "hivewp_commands_oldest_age_seconds", "Since the oldest of them was queued.", [({}, commands.oldest_age_s)]
    )
    yield _gauge("hivewp_commands_dead", "Commands that nobody could carry out.", [({}, commands.dead)])


def _own(metrics: Metrics) -> Iterator[Family]:
    states = (({"state": state}, count) for state, count in metrics.instances.items() if state != "total")
    yield _gauge("hivewp_instances", "Instances of the key's tenant, by state.", states)
    outcomes = metrics.messages.model_dump().items()
    samples = (({"outcome": outcome}, count) for outcome, count in outcomes)
    meaning = "Messages of the instances that the key's tenant has now; falls when one is deleted."
    yield _gauge("hivewp_messages", meaning, samples)


def _partitions(partitions: PartitionFigures, outdated: int) -> Iterator[Family]:
    yield _gauge("hivewp_partitions", "Partitions of the deployment.", [({}, partitions.total)])
    yield _gauge("hivewp_partitions_unowned", "Partitions without a living host or worker.", [({}, partitions.unowned)])
    meaning = "Connected instances of those of all tenants that should be: not created, pairing or logged out."
    yield _gauge("hivewp_instances_connected_ratio", meaning, [({}, partitions.connected_share)])
    meaning = "Connections that WhatsApp refused because the client is too old."
    yield _counter("hivewp_clients_outdated_total", meaning, [({}, outdated)])


def _hosts(hosts: Iterable[HostFigures]) -> Iterator[Family]:
    named = [({"host": host.id}, host) for host in hosts]

    def of(name: str, meaning: str, values: Iterable[float | None]) -> Family:
        labelled = ((labels, value) for (labels, _), value in zip(named, values, strict=True))
        return _gauge(f"hivewp_host_{name}", meaning, labelled)

    all_hosts = [host for _, host in named]
    yield of("memory_bytes", "Resident memory of a host and its workers.", [one.memory.used for one in all_hosts])
    yield of("memory_limit_bytes", "Memory that a host may use.", [one.memory.limit for one in all_hosts])
    yield of("cpu_cores", "Cores that a host uses.", [one.cpu.used for one in all_hosts])
    yield of("cpu_limit_cores", "Cores that a host may use.", [one.cpu.limit for one in all_hosts])
    yield of("sessions", "Instances that a host looks after.", [one.sessions for one in all_hosts])
    yield of("partitions", "Partitions that a host holds.", [len(one.partitions) for one in all_hosts])
    yield of("heartbeat_age_seconds", "Since its last heartbeat.", [one.heartbeat_age_s for one in all_hosts])
    oldest = [max((lease.age_s for lease in one.leases), default=None) for one in all_hosts]
    yield of("lease_age_seconds", "Since the oldest of its leases was renewed, as of the heartbeat.", oldest)


def _durations(histogram: Histogram) -> Iterator[str]:
    """Buckets add up: each holds what those before it hold."""
    name = "hivewp_request_duration_seconds"
    yield from _head(name, "histogram", "How long calls took that did not ask to wait.")
    for shown in _SHOWN:
        below = sum(count for bucket, count in histogram.buckets.items() if bucket <= shown)
        yield _line(f"{name}_bucket", {"le": repr(BOUNDS_MS[shown] / 1000)}, below)
    yield _line(f"{name}_bucket", {"le": "+Inf"}, histogram.count)
    yield _line(f"{name}_sum", {}, histogram.sum_us / 1_000_000)
    yield _line(f"{name}_count", {}, histogram.count)


def _counter(name: str, meaning: str, samples: Iterable[Sample]) -> Family:
    return Family(name, "counter", meaning, tuple(samples))


def _gauge(name: str, meaning: str, samples: Iterable[Sample]) -> Family:
    return Family(name, "gauge", meaning, tuple(samples))


def _head(name: str, kind: str, meaning: str) -> Iterator[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} {kind}"


def _line(name: str, labels: Labels, value: float) -> str:
    named = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{named}}} {value}" if named else f"{name} {value}"


def _escaped(label: str) -> str:
    return label.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
