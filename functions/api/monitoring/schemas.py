"""Answers of /monitoring."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from functions.api.schemas import Body, View, example
from shared.models.instance import InstanceState


class Requests(View):
    """Calls that reached the API since `since`; what the gateway turned away is not among them.

    Percentiles are of calls that did not ask to wait, from merged histograms: within 9.1 % of the true ones."""

    total: int
    success: int = Field(description="Answered with a status below 400.")
    failed: int = Field(description="Answered with 400 or above; `by_status` tells the caller's mistakes from ours.")
    success_rate: float | None = Field(description="success / total; null without any.")
    p50_ms: float | None
    p95_ms: float | None
    by_status: dict[str, int]


class CacheOfKind(View):
    """Since the deployment began."""

    hits: int
    misses: int = Field(description="What had expired included.")
    hit_rate: float | None = Field(description="hits / (hits + misses); null without any.")
    evictions: int = Field(description="Entries that were found expired.")
    writes: int


class CacheFigures(CacheOfKind):
    """All kinds together, and each."""

    by_kind: dict[str, CacheOfKind]


class WebhookFigures(View):
    """What waits now, and what became of attempts since `since`."""

    queued: int = Field(description="Waiting to be attempted, later attempts included.")
    processing: int = Field(description="Being attempted.")
    processed: int = Field(description="Attempts that an endpoint took, since `since`.")
    failed: int = Field(description="Attempts that it did not take, since `since`.")
    dead: int = Field(description="On the dead-letter queue, for 14 days; those replayed since then included.")


class CommandFigures(View):
    """Commands on their way to session hosts, now."""

    queued: int = Field(description="Not yet carried out; those that wait for their instance to connect included.")
    oldest_age_s: float | None = Field(
        description="Since the oldest was queued, as the hosts last told (every 10 s); null while no host has it."
    )
    dead: int = Field(description="Commands that nobody could carry out.")


class MessageFigures(View):
    """Of your instances, since each was made."""

    sent: int
    received: int
    failed: int
    uncertain: int


class PartitionFigures(View):
    """Partitions of the deployment, and how the instances on them are together."""

    total: int
    unowned: int = Field(description="Without a living session host, or without a worker there.")
    connected_share: float | None = Field(
        description="Connected instances of those that should be: all but created, pairing, logged out. null: none."
    )


class HostMemory(View):
    """Bytes; `usage` is used / limit."""

    used: int
    limit: int
    usage: float


class HostCpu(View):
    """Cores, on average between the last two heartbeats; `usage` is used / limit."""

    used: float
    limit: float
    usage: float


class Lease(View):
    """A partition that the host holds. A healthy one renews its lease every 5 s."""

    partition: int
    age_s: float = Field(description="Since the lease was renewed, as of the heartbeat.")


class HostFigures(View):
    """A session host, as its last heartbeat tells (every 10 s, and after changes)."""

    id: str
    started_at: str
    heartbeat_age_s: float
    memory: HostMemory
    cpu: HostCpu
    sessions: int = Field(description="Instances that it looks after, whosever they are.")
    workers: int
    standbys: int
    partitions: list[int]
    leases: list[Lease]


class Totals(View):
    """Since the deployment began."""

    requests: int
    requests_failed: int
    webhooks_processed: int
    webhooks_failed: int
    deliveries_dead: int = Field(
        description="Deliveries that were given up; not those to endpoints that answered 410 or were disabled."
    )
    clients_outdated: int = Field(description="Connections that WhatsApp refused because our client is too old.")


class Metrics(View):
    """`requests`, `webhooks.processed` and `.failed` are of the time since `since`: the last hour, and up to ten
    minutes more. All but `instances` and `messages`, which are yours, is of the whole deployment."""

    model_config = example(
        {
            "at": "2026-01-31T12:04:05.000Z",
            "since": "2026-01-31T11:00:00.000Z",
            "requests": {
                "total": 1000,
                "success": 990,
                "failed": 10,
                "success_rate": 0.99,
                "p50_ms": 8.7,
                "p95_ms": 24.7,
                "by_status": {"2xx": 990, "3xx": 0, "4xx": 9, "5xx": 1},
            },
            "cache": {
                "hits": 90,
                "misses": 10,
                "hit_rate": 0.9,
                "evictions": 4,
                "writes": 10,
                "by_kind": {"numbers": {"hits": 90, "misses": 10, "hit_rate": 0.9, "evictions": 4, "writes": 10}},
            },
            "webhooks": {"queued": 3, "processing": 1, "processed": 2000, "failed": 12, "dead": 0},
            "commands": {"queued": 2, "oldest_age_s": 1.2, "dead": 0},
            "instances": {"total": 12, "connected": 11, "pairing": 1},
            "messages": {"sent": 5000, "received": 4000, "failed": 3, "uncertain": 0},
            "partitions": {"total": 1, "unowned": 0, "connected_share": 1.0},
            "hosts": [
                {
                    "id": "host_01jd3y8m0000000000000000zz",
                    "started_at": "2026-01-31T08:00:00.000Z",
                    "heartbeat_age_s": 3.1,
                    "memory": {"used": 268435456, "limit": 4294967296, "usage": 0.0625},
                    "cpu": {"used": 0.21, "limit": 2.0, "usage": 0.105},
                    "sessions": 12,
                    "workers": 1,
                    "standbys": 1,
                    "partitions": [0],
                    "leases": [{"partition": 0, "age_s": 2.4}],
                }
            ],
            "totals": {
                "requests": 200000,
                "requests_failed": 900,
                "webhooks_processed": 400000,
                "webhooks_failed": 2000,
                "deliveries_dead": 0,
                "clients_outdated": 0,
            },
        }
    )

    at: str
    since: str
    requests: Requests
    cache: CacheFigures
    webhooks: WebhookFigures
    commands: CommandFigures
    instances: dict[str, int] = Field(description="Your instances by state, and `total`.")
    messages: MessageFigures
    partitions: PartitionFigures
    hosts: list[HostFigures]
    totals: Totals


class InstanceMetrics(View):
    """One of your instances."""

    id: str
    state: InstanceState
    since: str = Field(description="When it went into its state.")
    messages: MessageFigures
    reconnects: int = Field(description="How often it was connected again, after the first time.")
    last_activity_at: str | None = Field(description="The last event that was not about its connection.")
    host: str | None = Field(description="The living session host that looks after it; null when there is none.")
    partition: int


class InstanceMetricsPage(View):
    """Your instances, by id."""

    model_config = example(
        {
            "data": [
                {
                    "id": "shop-1",
                    "state": "connected",
                    "since": "2026-01-31T12:00:00.000Z",
                    "messages": {"sent": 120, "received": 88, "failed": 1, "uncertain": 0},
                    "reconnects": 2,
                    "last_activity_at": "2026-01-31T12:04:00.000Z",
                    "host": "host_01jd3y8m0000000000000000zz",
                    "partition": 0,
                }
            ],
            "next_cursor": None,
        }
    )

    data: list[InstanceMetrics]
    next_cursor: str | None


class CacheClearing(Body):
    """What to forget; all of it when absent."""

    model_config = example({"kind": "numbers"})

    kind: Literal["numbers", "qr", "all"] = "all"


class Cleared(View):
    """How many entries of yours were removed."""

    model_config = example({"cleared": 12})

    cleared: int


class CollectedWorker(View):
    """Resident memory of a worker process in bytes."""

    partition: int
    before_bytes: int
    after_bytes: int


class Collected(View):
    """`workers` have collected their garbage; `not_reached` are the partitions whose worker did not answer in 10 s."""

    model_config = example(
        {
            "workers": 1,
            "freed_bytes": 4194304,
            "not_reached": [1],
            "by_worker": [{"partition": 0, "before_bytes": 104857600, "after_bytes": 100663296}],
        }
    )

    workers: int
    freed_bytes: int
    not_reached: list[int]
    by_worker: list[CollectedWorker]
