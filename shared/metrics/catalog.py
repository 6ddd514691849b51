"""Every metric of ours. API calls, their latency and errors are API Gateway's own metrics, and so with Lambda, SQS,
DynamoDB, ECS, EFS and WAF: those are free, so none is measured again here.

Cost: one time series each, since DIMENSION has one value in a deployment. 28 at $0.30 are $8.40 a month and deployment,
less where a metric is silent: CloudWatch charges the hours in which it was heard. A line of a function is about 300
bytes of log, $0.15 per million (a host's, each minute, about 1,000 bytes: $0.02 a month and host).

What became of messages is counted by the sender of webhooks, from the events that announce it: every event comes by
there once, whether or not an endpoint wants it, and a worker has nothing to add up or to lose.

Not here: messages delivered and read, since that is up to the people's phones and nobody can act on it.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.metrics.metric import Emitter, Metric, Statistic, Unit
from shared.models.instance import InstanceState

NAMESPACE = "HiveWP"
DIMENSION = "Deployment"
"""The one dimension; its value is the prefix of the deployment's names, such as `hivewp-prod`."""


def _counter(name: str, emitter: Emitter, meaning: str) -> Metric:
    return Metric(name, Unit.COUNT, emitter, Statistic.SUM, meaning)


def _of_deployment(name: str, meaning: str, statistic: Statistic = Statistic.AVERAGE) -> Metric:
    """All hosts say the same within seconds, so neither their number nor the death of one falsifies it."""
    return Metric(name, Unit.COUNT, Emitter.HOSTS, statistic, meaning)


MESSAGES_ACCEPTED = _counter("MessagesAccepted", Emitter.API, "Messages that the API took on.")
API_LATENCY = Metric(
    "ApiLatency",
    Unit.MILLISECONDS,
    Emitter.API,
    Statistic.P95,
    "How long a call took that did not ask to wait. API Gateway's own figure has long polls in it, of up to 20 s.",
)

MESSAGES_SENT = _counter("MessagesSent", Emitter.WEBHOOK_SENDER, "Messages that WhatsApp has acknowledged.")
MESSAGES_FAILED = _counter(
    "MessagesFailed", Emitter.WEBHOOK_SENDER, "Messages that will not be sent, each with a code."
)
MESSAGES_UNCERTAIN = _counter(
    "MessagesUncertain", Emitter.WEBHOOK_SENDER, "Messages whose sending was interrupted: they may have arrived."
)
MESSAGES_RECEIVED = _counter("MessagesReceived", Emitter.WEBHOOK_SENDER, "Messages that people wrote to our numbers.")

WEBHOOKS_DELIVERED = _counter("WebhooksDelivered", Emitter.WEBHOOK_SENDER, "Attempts that an endpoint took (2xx).")
WEBHOOKS_FAILED = _counter(
    "WebhooksFailed", Emitter.WEBHOOK_SENDER, "Attempts that got another status, or no answer at all."
)
WEBHOOK_LATENCY = Metric(
    "WebhookLatency", Unit.MILLISECONDS, Emitter.WEBHOOK_SENDER, Statistic.P95, "How long an attempt took."
)
DELIVERIES_DEAD = _counter(
    "DeliveriesDead",
    Emitter.WEBHOOK_SENDER,
    "Deliveries whose attempts are used up, or that the sender could not see to: they wait for a replay.",
)
DELIVERIES_SLOWED = _counter(
    "DeliveriesSlowed", Emitter.WEBHOOK_SENDER, "Deliveries that took the slow lane, since their endpoint is slow."
)
ENDPOINTS_DISABLED = _counter(
    "EndpointsDisabled", Emitter.WEBHOOK_SENDER, "Endpoints that were disabled: gone, or failing for three days."
)

CACHE_HITS = _counter("CacheHits", Emitter.API, "Checks of a number that were answered from the cache.")
CACHE_MISSES = _counter("CacheMisses", Emitter.API, "Checks of a number that WhatsApp had to be asked for.")

SESSIONS_PER_HOST = Metric(
    "SessionsPerHost",
    Unit.COUNT,
    Emitter.HOST,
    Statistic.AVERAGE,
    "Instances that a host holds; the hosts scale by it.",
)
HOST_MEMORY = Metric(
    "HostMemory", Unit.PERCENT, Emitter.HOST, Statistic.MAXIMUM, "Memory that a host and its workers use of its limit."
)

WORKERS_RESTARTED = _counter(
    "WorkersRestarted", Emitter.HOST, "Workers that ended by themselves and were started again."
)

INSTANCES: Mapping[InstanceState, Metric] = {
    InstanceState.CREATED: _of_deployment("InstancesCreated", "Instances that no worker has taken up yet."),
    InstanceState.PAIRING: _of_deployment("InstancesPairing", "Instances that wait for their code to be scanned."),
    InstanceState.CONNECTING: _of_deployment("InstancesConnecting", "Instances on their way to WhatsApp."),
    InstanceState.CONNECTED: _of_deployment("InstancesConnected", "Instances in service."),
    InstanceState.DISCONNECTED: _of_deployment(
        "InstancesDisconnected", "Instances without a connection, those never paired in time included."
    ),
    InstanceState.LOGGED_OUT: _of_deployment("InstancesLoggedOut", "Instances whose device was unlinked."),
    InstanceState.FAILED: _of_deployment("InstancesFailed", "Instances that cannot connect until somebody acts."),
}
INSTANCES_UNATTENDED = _of_deployment("InstancesUnattended", "Instances of which no living worker tells anything.")
INSTANCES_CONNECTED_PERCENT = Metric(
    "InstancesConnectedPercent",
    Unit.PERCENT,
    Emitter.HOSTS,
    Statistic.AVERAGE,
    "Connected instances of those that should be: all but created, pairing and logged out. Silent when there are none.",
)
PARTITIONS_UNOWNED = _of_deployment(
    "PartitionsUnowned", "Partitions without a host or without a worker.", Statistic.MAXIMUM
)
CLIENTS_OUTDATED = _counter(
    "ClientsOutdated",
    Emitter.WEBHOOK_SENDER,
    "Connections that WhatsApp refused because our client is too old.",
)

ALL: tuple[Metric, ...] = (
    API_LATENCY,
    MESSAGES_ACCEPTED,
    MESSAGES_SENT,
    MESSAGES_FAILED,
    MESSAGES_UNCERTAIN,
    MESSAGES_RECEIVED,
    WEBHOOKS_DELIVERED,
    WEBHOOKS_FAILED,
    WEBHOOK_LATENCY,
    DELIVERIES_DEAD,
    DELIVERIES_SLOWED,
    ENDPOINTS_DISABLED,
    CACHE_HITS,
    CACHE_MISSES,
    SESSIONS_PER_HOST,
    HOST_MEMORY,
    WORKERS_RESTARTED,
    *INSTANCES.values(),
    INSTANCES_UNATTENDED,
    INSTANCES_CONNECTED_PERCENT,
    PARTITIONS_UNOWNED,
    CLIENTS_OUTDATED,
)

OTHER_HALF: Mapping[Metric, Metric] = {
    WEBHOOKS_DELIVERED: WEBHOOKS_FAILED,
    WEBHOOKS_FAILED: WEBHOOKS_DELIVERED,
    CACHE_HITS: CACHE_MISSES,
    CACHE_MISSES: CACHE_HITS,
    MESSAGES_ACCEPTED: MESSAGES_SENT,
}
"""Counters whose share an alarm looks at: who tells one tells the other too, be it 0. CloudWatch's metric math knows no
share of a metric that was silent for all the time it looks at, as successes are when everything fails."""

_OWNERS_TURN = frozenset({InstanceState.CREATED, InstanceState.PAIRING, InstanceState.LOGGED_OUT})


def should_be_connected(state: InstanceState) -> bool:
    """Whether an instance in this state counts for INSTANCES_CONNECTED_PERCENT; else it waits for its owner's phone."""
    return state not in _OWNERS_TURN
