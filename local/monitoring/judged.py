"""What alarms are judged by in PromQL, over what /monitoring/metrics tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.alarms import Alarm, Frequent, Share
from shared.alarms import catalog as alarms
from shared.alarms.traffic import CALLS_TO_JUDGE_BY


@dataclass(frozen=True, slots=True)
class Judged:
    """`value`: the figure of a period, in the alarm's unit. `enough`: what must be so for it to be judged at all."""

    value: str
    enough: str | None = None


def _share(part: str, whole: str, label: str, period_s: int, at_least: int) -> Judged:
    """A counter in percent of all of its kind; `label` is what tells the part from the rest."""
    total = f"sum without ({label}) (increase({whole}[{span(period_s)}]))"
    value = f"100 * sum without ({label}) (increase({part}[{span(period_s)}])) / {total}"
    return Judged(value, f"{total} >= {at_least}")


def _at_least(alarm: Alarm) -> int:
    assert isinstance(alarm.of, Share | Frequent)  # noqa: S101 - the list below names only such
    return alarm.of.at_least


def span(seconds: int) -> str:
    """A time as PromQL writes it."""
    return f"{seconds // 60}m" if seconds % 60 == 0 else f"{seconds}s"


def _failing_calls() -> Judged:
    name = "hivewp_requests_total"
    return _share(f'{name}{{status="5xx"}}', name, "status", alarms.API_FAILING.period_s, CALLS_TO_JUDGE_BY)


def _failing_webhooks() -> Judged:
    name, alarm = "hivewp_webhook_attempts_total", alarms.WEBHOOKS_FAILING
    return _share(f'{name}{{outcome="failed"}}', name, "outcome", alarm.period_s, _at_least(alarm))


def _slow_calls() -> Judged:
    name, period = "hivewp_request_duration_seconds", span(alarms.API_SLOW.period_s)
    value = f"1000 * histogram_quantile(0.95, rate({name}_bucket[{period}]))"
    return Judged(value, f"increase({name}_count[{period}]) >= {_at_least(alarms.API_SLOW)}")


def _cold_cache() -> Judged:
    period = span(alarms.CACHE_COLD.period_s)
    hits, misses = (f'increase(hivewp_cache_{one}_total{{kind="numbers"}}[{period}])' for one in ("hits", "misses"))
    return Judged(f"100 * {hits} / ({hits} + {misses})", f"{hits} + {misses} >= {_at_least(alarms.CACHE_COLD)}")


JUDGED: Mapping[Alarm, Judged] = {
    alarms.PARTITION_UNOWNED: Judged("hivewp_partitions_unowned"),
    alarms.INSTANCES_CONNECTED: Judged("100 * hivewp_instances_connected_ratio"),
    alarms.CLIENT_OUTDATED: Judged(f"increase(hivewp_clients_outdated_total[{span(alarms.CLIENT_OUTDATED.period_s)}])"),
    alarms.HOST_MEMORY_HIGH: Judged("100 * hivewp_host_memory_bytes / hivewp_host_memory_limit_bytes"),
    alarms.API_SLOW: _slow_calls(),
    alarms.API_FAILING: _failing_calls(),
    alarms.WEBHOOKS_FAILING: _failing_webhooks(),
    alarms.CACHE_COLD: _cold_cache(),
    alarms.DELIVERIES_DEAD: Judged(f"increase(hivewp_deliveries_dead_total[{span(alarms.DELIVERIES_DEAD.period_s)}])"),
    alarms.COMMANDS_DEAD: Judged("hivewp_commands_dead"),
}

NOT_JUDGED: Mapping[Alarm, str] = {
    alarms.MESSAGES_UNSENT: "/monitoring/metrics tells no accepted messages of all tenants",
    alarms.SENDER_FAILING: "errors of a function are known to Lambda alone",
    alarms.DELIVERIES_LATE: "the age of what waits on a queue is known to CloudWatch alone",
    alarms.DELIVERIES_SLOW_LATE: "the same",
    alarms.ALERTS_DEAD: "the queue belongs to the alerts function",
}
"""Alarms that only CloudWatch can judge, and why."""
