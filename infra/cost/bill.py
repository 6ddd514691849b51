"""The lines of a month's bill."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from infra.capacity import CPU_UNITS, hosts_of
from infra.cost import prices, traffic
from infra.cost.template import Bought
from infra.cost.traffic import MESSAGE_READ, MESSAGE_RECEIVED, MESSAGE_SENT, OTHER_CALL
from infra.stages import Stage
from shared.metrics import ALL as METRICS

SPARE_PLACES = 1.28  # partitions hold so much more than there are instances
MB = 1024


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the bill: dollars a month for a service."""

    service: str
    what: str
    dollars: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """How much of everything `instances` need in a month."""

    instances: int
    partitions: int
    hosts: int
    messages: float
    calls: float
    events: float
    writes: float
    reads: float
    fifo: float
    fair: float
    kept_gb: float


def month_of(instances: int, stage: Stage) -> Month:
    """A month with so many instances of traffic.py's kind on the hosts of capacity.py."""
    hosts = hosts_of(stage)
    partitions = max(stage.partitions, math.ceil(instances * SPARE_PLACES / stage.sessions_per_worker))
    running = max(hosts.least, math.ceil(instances / hosts.sessions))
    sent, received, other = (
        instances * prices.DAYS * daily for daily in (traffic.SENT, traffic.RECEIVED, traffic.OTHER_CALLS)
    )
    done = [
        (sent, MESSAGE_SENT),
        (sent * traffic.READ_SHARE, MESSAGE_READ),
        (received, MESSAGE_RECEIVED),
        (other, OTHER_CALL),
    ]

    def total(name: str) -> float:
        return sum(times * float(getattr(need, name)) for times, need in done)

    watch = _watch(partitions, running)
    return Month(
        instances=instances,
        partitions=partitions,
        hosts=running,
        messages=sent + received,
        calls=total("calls"),
        events=total("events"),
        writes=total("writes") + watch.writes * prices.SECONDS,
        reads=total("reads") + watch.reads * prices.SECONDS,
        fifo=total("fifo") + partitions * traffic.COMMAND_POLLS * prices.SECONDS,
        fair=total("fair") + traffic.DELIVERY_POLLS * prices.SECONDS,
        kept_gb=total("kept_bytes") * 30 / prices.DAYS / prices.GIGABYTE,
    )


@dataclass(frozen=True, slots=True)
class Watch:
    """What leases and heartbeats need in a second."""

    writes: float
    reads: float


def _watch(partitions: int, hosts: int) -> Watch:
    heartbeats = math.ceil(hosts * traffic.HEARTBEAT_BYTES / 4096) * traffic.HEARTBEAT_READS
    writes = partitions * traffic.LEASE_WRITES + hosts * traffic.HEARTBEAT_WRITES
    return Watch(writes, hosts * (partitions * traffic.LEASE_READS + heartbeats))


def watch_dollars(month: Month) -> float:
    """What of DynamoDB's lines is for leases and heartbeats."""
    watch = _watch(month.partitions, month.hosts)
    return prices.SECONDS * (watch.writes * prices.WRITE_UNIT + watch.reads * prices.READ_UNIT)


def bill(month: Month, has: Bought, stage: Stage) -> list[Line]:
    """All lines, in the order of a call's way."""
    return [
        *_front(month, has),
        *_functions(month, has),
        *_data(month, has),
        *_hosts(month, has, stage),
        *_watching(month, has),
        Line("Data transfer", "to endpoints, callers and WhatsApp", _gigabytes_out(month) * prices.GB_OUT),
    ]


def _front(month: Month, has: Bought) -> Iterator[Line]:
    yield Line("API Gateway", "calls", month.calls * prices.REST_CALL)
    fixed = prices.WEB_ACL + has.firewall_rules * prices.WEB_ACL_RULE
    yield Line("WAF", f"web ACL with {has.firewall_rules} rules, calls", fixed + month.calls * prices.WEB_ACL_CALL)


def _functions(month: Month, has: Bought) -> Iterator[Line]:
    api = month.calls * (prices.LAMBDA_CALL + has.api_gb * traffic.API_S * prices.LAMBDA_GB_S)
    yield Line("Lambda", f"api, {has.api_gb:g} GB", api)
    if has.api_snapshots:
        kept = has.api_gb * prices.SECONDS * prices.SNAPSHOT_GB_S
        restored = month.calls * traffic.RESTORED_SHARE * has.api_gb * prices.SNAPSHOT_RESTORED_GB
        yield Line("Lambda", "api, SnapStart", kept + restored)
    sender = month.events * (prices.LAMBDA_CALL + has.sender_gb * traffic.SENDER_S * prices.LAMBDA_GB_S)
    yield Line("Lambda", f"webhook sender, {has.sender_gb:g} GB", sender)


def _data(month: Month, has: Bought) -> Iterator[Line]:
    yield Line("DynamoDB", "writes", month.writes * prices.WRITE_UNIT)
    yield Line("DynamoDB", "reads", month.reads * prices.READ_UNIT)
    per_gb = prices.TABLE_GB + (prices.TABLE_RECOVERY_GB if has.tables_recoverable else 0)
    yield Line("DynamoDB", "storage and point-in-time recovery", month.kept_gb * per_gb)
    yield Line("SQS", "commands (FIFO)", month.fifo * prices.FIFO_CALL)
    yield Line("SQS", "deliveries (fair)", month.fair * prices.FAIR_CALL)


def _hosts(month: Month, has: Bought, stage: Stage) -> Iterator[Line]:
    size = hosts_of(stage)
    vcpu, memory = size.cpu / CPU_UNITS, size.memory_mb / MB
    hourly = vcpu * prices.VCPU_HOUR + memory * prices.MEMORY_GB_HOUR
    yield Line("Fargate", f"hosts of {vcpu:g} vCPU, {memory:g} GB", month.hosts * prices.HOURS * hourly)
    if has.nat_gateways:
        yield Line("NAT gateway", "hours", has.nat_gateways * prices.HOURS * prices.NAT_HOUR)
    else:
        yield Line("Public IPv4", "an address for each host", month.hosts * prices.HOURS * prices.IPV4_HOUR)
    stored = month.instances * traffic.SESSION_FILE_BYTES / prices.GIGABYTE
    backup = prices.FILES_BACKUP_GB if stage.file_backups else 0
    message = traffic.FILES_WRITTEN_BYTES * prices.FILES_WRITTEN_GB + traffic.FILES_READ_BYTES * prices.FILES_READ_GB
    moved = month.messages * message / prices.GIGABYTE if has.files_elastic else 0
    yield Line("EFS", "session files, kept and backed up", stored * (prices.FILES_GB + backup))
    yield Line("EFS", "throughput", moved)


def _watching(month: Month, has: Bought) -> Iterator[Line]:
    daily_hosts = month.hosts * traffic.HOST_LOG_BYTES_DAY * prices.DAYS
    written = month.calls * traffic.API_LOG_BYTES + month.events * traffic.SENDER_LOG_BYTES + daily_hosts
    kept = prices.LOG_KEPT_GB * has.retention_days / 30 / 5
    what = f"written, kept {has.retention_days} days"
    yield Line("CloudWatch Logs", what, written / prices.GIGABYTE * (prices.LOG_GB + kept))
    yield Line("CloudWatch", f"{len(METRICS)} metrics of our own", len(METRICS) * prices.METRIC)
    boards = has.alarms * prices.ALARM + has.dashboards * prices.DASHBOARD
    yield Line("CloudWatch", f"alarms on {has.alarms} metrics, {has.dashboards} dashboards", boards)
    secrets = has.secrets * prices.SECRET + has.keys * prices.KEY
    yield Line("Secrets Manager, KMS", "secrets, a key of our own", secrets)


def _gigabytes_out(month: Month) -> float:
    daily = month.instances * traffic.OUT_BYTES_SESSION_DAY * prices.DAYS
    sent = month.events * traffic.OUT_BYTES_EVENT + month.calls * traffic.OUT_BYTES_CALL
    return (daily + sent + month.messages * traffic.OUT_BYTES_MESSAGE) / prices.GIGABYTE
