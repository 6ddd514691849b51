"""The alarms as rules of Prometheus, in CloudWatch's terms: so many of the last periods beyond the threshold.

All in a row: the figure is beyond it, `for` the time between the first and the last of them. Some of them: a subquery
counts the periods, and there is no `for`. A period without a figure counts as good, as a comparison without a sample
does; where it counts as bad, absence is beyond the threshold as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from local.monitoring.judged import JUDGED, Judged, span
from shared.alarms import ALL, Alarm, Missing
from shared.alarms import catalog as alarms

CRITICAL = frozenset(
    {alarms.PARTITION_UNOWNED, alarms.INSTANCES_CONNECTED, alarms.CLIENT_OUTDATED, alarms.HOST_MEMORY_HIGH}
)
"""Numbers are out of service, or soon will be; the others are warnings."""
RUNBOOK = "docs/alarms.md"
_HEAD = """\
# Made by `python -m local.monitoring` from shared/alarms; change the alarms there.
groups:
  - name: hivewp
    rules:
"""


def rules_file() -> str:
    """All rules, as Prometheus's `rule_files` takes them."""
    return _HEAD + "".join(line for alarm in ALL if alarm in JUDGED for line in _rule(alarm, JUDGED[alarm]))


def rule_name(alarm: Alarm) -> str:
    """Such as `HivewpHostMemory`."""
    return "Hivewp" + "".join(part.capitalize() for part in alarm.id.split("-"))


def expression(alarm: Alarm, judged: Judged) -> str:
    """What has samples while the alarm is on, or is about to be."""
    beyond = f"{judged.value} {alarm.sign} {alarm.threshold:g}"
    if judged.enough:
        beyond = f"{beyond} and {judged.enough}"
    if alarm.bad < alarm.periods:
        window = f"[{span(alarm.periods * alarm.period_s)}:{span(alarm.period_s)}]"
        return f"count_over_time(({beyond}){window}) >= {alarm.bad}"
    return f"{beyond} or absent({judged.value})" if alarm.missing is Missing.BAD else beyond


def lasting_s(alarm: Alarm) -> int:
    """For how long the expression must have samples, in seconds."""
    return (alarm.bad - 1) * alarm.period_s if alarm.bad == alarm.periods else 0


def _rule(alarm: Alarm, judged: Judged) -> Iterator[str]:
    yield f"      - alert: {rule_name(alarm)}\n"
    yield f"        expr: {json.dumps(expression(alarm, judged))}\n"
    yield f"        for: {span(lasting_s(alarm))}\n"
    yield f"        labels: {{severity: {'critical' if alarm in CRITICAL else 'warning'}, alarm: {alarm.id}}}\n"
    yield "        annotations:\n"
    for name, text in (
        ("summary", f"{alarm.title}: {alarm.condition()}"),
        ("description", alarm.meaning),
        ("first_step", alarm.first_step),
        ("runbook", f"{RUNBOOK}#{alarm.id}"),
    ):
        yield f"          {name}: {json.dumps(text)}\n"
