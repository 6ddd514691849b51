"""The figures as a dashboard of Grafana: a row for each capability, the data source a variable."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from local.monitoring.judged import JUDGED
from shared.alarms import Alarm
from shared.alarms import catalog as alarms

SCHEMA = 39  # Grafana 10.4 and newer read it, and bring it up to date themselves
UID = "hivewp"
_JOB = 'job=~"$job"'
_SELECTOR = re.compile(r"(hivewp_\w+)(?:\{([^}]*)\})?")
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_WIDE, _HIGH = 24, 8


@dataclass(frozen=True, slots=True)
class Line:
    """A query and how its series are called."""

    query: str
    legend: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A graph; `alarm`: whose threshold is drawn into it."""

    title: str
    unit: str
    lines: Sequence[Line]
    stacked: bool = False
    alarm: Alarm | None = None


def _rate(metric: str, by: str) -> str:
    return f"sum by ({by}) (rate({metric}[$__rate_interval]))"


def _quantile(share: float) -> Line:
    buckets = _rate("hivewp_request_duration_seconds_bucket", "le")
    return Line(f"histogram_quantile({share}, {buckets})", f"p{share * 100:g}")


def _judged(alarm: Alarm, legend: str) -> Line:
    return Line(JUDGED[alarm].value, legend)


ROWS: dict[str, Sequence[Panel]] = {
    "Requests": (
        Panel("Calls a second", "reqps", [Line(_rate("hivewp_requests_total", "status"), "{{status}}")], stacked=True),
        Panel("How long calls take that do not wait", "s", [_quantile(0.5), _quantile(0.95), _quantile(0.99)]),
        Panel("5xx of all calls", "percent", [_judged(alarms.API_FAILING, "5xx")], alarm=alarms.API_FAILING),
    ),
    "Instances": (
        Panel("Yours by state", "short", [Line("hivewp_instances", "{{state}}")], stacked=True),
        Panel(
            "Connected of those that should be",
            "percent",
            [_judged(alarms.INSTANCES_CONNECTED, "connected")],
            alarm=alarms.INSTANCES_CONNECTED,
        ),
        Panel(
            "Connections refused: client outdated",
            "short",
            [_judged(alarms.CLIENT_OUTDATED, "in 5 minutes")],
            alarm=alarms.CLIENT_OUTDATED,
        ),
    ),
    "Messages": (
        Panel(
            "Yours in 5 minutes, by outcome",
            "short",
            [Line("clamp_min(delta(hivewp_messages[5m]), 0)", "{{outcome}}")],
        ),
        Panel("Yours in all", "short", [Line("hivewp_messages", "{{outcome}}")]),
    ),
    "Webhooks": (
        Panel("Attempts a second", "ops", [Line(_rate("hivewp_webhook_attempts_total", "outcome"), "{{outcome}}")]),
        Panel(
            "Failed attempts", "percent", [_judged(alarms.WEBHOOKS_FAILING, "failed")], alarm=alarms.WEBHOOKS_FAILING
        ),
        Panel(
            "Deliveries that wait",
            "short",
            [
                Line("hivewp_webhooks_queued", "queued"),
                Line("hivewp_webhooks_processing", "being attempted"),
                Line("hivewp_webhooks_dead", "dead"),
            ],
        ),
    ),
    "Commands": (
        Panel(
            "Commands that wait",
            "short",
            [Line("hivewp_commands_queued", "queued"), Line("hivewp_commands_dead", "dead")],
        ),
        Panel("Age of the oldest", "s", [Line("hivewp_commands_oldest_age_seconds", "oldest")]),
    ),
    "Hosts": (
        Panel(
            "Memory of its limit",
            "percent",
            [_judged(alarms.HOST_MEMORY_HIGH, "{{host}}")],
            alarm=alarms.HOST_MEMORY_HIGH,
        ),
        Panel("Cores", "short", [Line("hivewp_host_cpu_cores", "{{host}}")]),
        Panel("Sessions", "short", [Line("hivewp_host_sessions", "{{host}}")], stacked=True),
        Panel(
            "Partitions",
            "short",
            [
                Line("hivewp_host_partitions", "{{host}}"),
                Line("hivewp_partitions_unowned", "without a host"),
            ],
        ),
        Panel(
            "Age of leases and heartbeats",
            "s",
            [
                Line("hivewp_host_lease_age_seconds", "lease, {{host}}"),
                Line("hivewp_host_heartbeat_age_seconds", "heartbeat, {{host}}"),
            ],
        ),
    ),
    "Cache": (
        Panel(
            "Checks of numbers answered from it",
            "percent",
            [_judged(alarms.CACHE_COLD, "hits")],
            alarm=alarms.CACHE_COLD,
        ),
        Panel(
            "Look-ups a second",
            "ops",
            [
                Line(_rate("hivewp_cache_hits_total", "kind"), "{{kind}}, hits"),
                Line(_rate("hivewp_cache_misses_total", "kind"), "{{kind}}, misses"),
                Line(_rate("hivewp_cache_evictions_total", "kind"), "{{kind}}, expired"),
            ],
        ),
    ),
}


def dashboard_file() -> str:
    """The dashboard, as Grafana imports it."""
    return json.dumps(dashboard(), indent=1, ensure_ascii=False) + "\n"


def dashboard() -> dict[str, Any]:
    """Grafana's dashboard model."""
    return {
        "uid": UID,
        "title": "HiveWP",
        "tags": ["hivewp"],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [_source_variable(), _job_variable()]},
        "annotations": {"list": []},
        "panels": _panels(),
    }


def _source_variable() -> dict[str, Any]:
    return {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "refresh": 1}


def _job_variable() -> dict[str, Any]:
    query = "label_values(hivewp_partitions, job)"
    return {
        "name": "job",
        "label": "Deployment",
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": query, "refId": "jobs"},
        "definition": query,
        "refresh": 2,
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def _panels() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    top = 0
    for title, panels in ROWS.items():
        row_at = {"x": 0, "y": top, "w": _WIDE, "h": 1}
        made.append(
            {"id": len(made) + 1, "type": "row", "title": title, "collapsed": False, "gridPos": row_at, "panels": []}
        )
        width = _WIDE // len(panels)
        for place, panel in enumerate(panels):
            at = {"x": place * width, "y": top + 1, "w": width, "h": _HIGH}
            made.append(_panel(panel, len(made) + 1, at))
        top += 1 + _HIGH
    return made


def _panel(panel: Panel, number: int, at: dict[str, int]) -> dict[str, Any]:
    targets = [
        {
            "refId": chr(ord("A") + place),
            "datasource": _SOURCE,
            "expr": _of_job(line.query),
            "legendFormat": line.legend,
        }
        for place, line in enumerate(panel.lines)
    ]
    return {
        "id": number,
        "type": "timeseries",
        "title": panel.title,
        "description": f"Alarm {panel.alarm.id}: {panel.alarm.condition()}" if panel.alarm else "",
        "gridPos": at,
        "datasource": _SOURCE,
        "targets": targets,
        "fieldConfig": {"defaults": _field(panel), "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
    }


def _of_job(query: str) -> str:
    """The query over the deployments that are chosen above the dashboard."""
    return _SELECTOR.sub(lambda found: f"{found[1]}{{{', '.join(filter(None, [found[2], _JOB]))}}}", query)


def _field(panel: Panel) -> dict[str, Any]:
    custom: dict[str, Any] = {"drawStyle": "line", "fillOpacity": 10}
    if panel.stacked:
        custom["stacking"] = {"mode": "normal"}
    field: dict[str, Any] = {"unit": panel.unit, "min": 0, "custom": custom}
    if panel.alarm:
        good, bad = {"color": "green", "value": None}, {"color": "red", "value": panel.alarm.threshold}
        above = panel.alarm.is_bad(panel.alarm.threshold + 1)
        steps = [good, bad] if above else [bad | {"value": None}, good | {"value": panel.alarm.threshold}]
        field["thresholds"] = {"mode": "absolute", "steps": steps}
        custom["thresholdsStyle"] = {"mode": "line"}
    return field
