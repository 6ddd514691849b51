"""What is measured: the one list of metrics, and how a process hands its figures over.

    meter = Meter.of(settings.metrics, settings.aws.prefix)
    meter.add(MESSAGES_ACCEPTED)         # a counter: summed in the process
    meter.observe(WEBHOOK_LATENCY, 120)  # a value: each one counts, for percentiles and averages
    meter.flush()                        # one line on standard output; nothing when there is nothing to say

Flush once per invocation of a function or once a minute, never per message. The line is in CloudWatch's embedded metric
format: what arrives in CloudWatch Logs (standard class, as a line of its own) becomes metrics without a call of an API.

Every metric has the one dimension DIMENSION: CloudWatch charges each combination of a name and its dimensions, so a
tenant, an instance or a host is never one, and outcomes and states are names. What may be asked of one number alone is
in the log and in `/monitoring/instances/metrics`.
"""

from shared.metrics.catalog import (
    ALL,
    API_LATENCY,
    CACHE_HITS,
    CACHE_MISSES,
    CLIENTS_OUTDATED,
    DELIVERIES_DEAD,
    DELIVERIES_SLOWED,
    DIMENSION,
    ENDPOINTS_DISABLED,
    HOST_MEMORY,
    INSTANCES,
    INSTANCES_CONNECTED_PERCENT,
    INSTANCES_UNATTENDED,
    MESSAGES_ACCEPTED,
    MESSAGES_FAILED,
    MESSAGES_RECEIVED,
    MESSAGES_SENT,
    MESSAGES_UNCERTAIN,
    NAMESPACE,
    OTHER_HALF,
    PARTITIONS_UNOWNED,
    SESSIONS_PER_HOST,
    WEBHOOK_LATENCY,
    WEBHOOKS_DELIVERED,
    WEBHOOKS_FAILED,
    WORKERS_RESTARTED,
    should_be_connected,
)
from shared.metrics.emf import encode
from shared.metrics.meter import Meter
from shared.metrics.metric import Emitter, Metric, Statistic, Unit

__all__ = [
    "ALL",
    "API_LATENCY",
    "CACHE_HITS",
    "CACHE_MISSES",
    "CLIENTS_OUTDATED",
    "DELIVERIES_DEAD",
    "DELIVERIES_SLOWED",
    "DIMENSION",
    "ENDPOINTS_DISABLED",
    "HOST_MEMORY",
    "INSTANCES",
    "INSTANCES_CONNECTED_PERCENT",
    "INSTANCES_UNATTENDED",
    "MESSAGES_ACCEPTED",
    "MESSAGES_FAILED",
    "MESSAGES_RECEIVED",
    "MESSAGES_SENT",
    "MESSAGES_UNCERTAIN",
    "NAMESPACE",
    "OTHER_HALF",
    "PARTITIONS_UNOWNED",
    "SESSIONS_PER_HOST",
    "WEBHOOKS_DELIVERED",
    "WEBHOOKS_FAILED",
    "WEBHOOK_LATENCY",
    "WORKERS_RESTARTED",
    "Emitter",
    "Meter",
    "Metric",
    "Statistic",
    "Unit",
    "encode",
    "should_be_connected",
]
