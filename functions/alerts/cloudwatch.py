"""What CloudWatch sends to SNS when an alarm changes its state, as an Alert."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from functions.alerts.alert import Alert, State
from shared.alarms import Alarm, dashboard_name, find
from shared.clock import iso, parse_iso

_LATEST = re.compile(r"\[([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?) ")  # the figures in a reason, the newest first
_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


def alert_of(text: str, deployment: str) -> Alert | None:
    """The alert of a message, or None when it is not CloudWatch's. `deployment`: the prefix of our alarms' names."""
    try:
        said = json.loads(text)
        return _alert(said, deployment) if isinstance(said, dict) else None
    except (AttributeError, KeyError, TypeError, ValueError):  # something else that has an AlarmName
        return None


def _alert(said: Mapping[str, Any], deployment: str) -> Alert:
    name, reason = str(said["AlarmName"]), str(said["NewStateReason"])
    alarm = find(deployment, name)
    latest = _LATEST.search(reason)
    return Alert(
        deployment=deployment,
        name=name,
        alarm=alarm,
        state=State(said["NewStateValue"]),
        since=iso(parse_iso(said["StateChangeTime"])),
        condition=alarm.condition() if alarm else _condition(said.get("Trigger") or {}),
        reason=reason,
        before=State(said["OldStateValue"]) if said.get("OldStateValue") in list(State) else None,
        value=float(latest[1]) if latest else None,
        dashboard=_dashboard(str(said.get("AlarmArn", "")), deployment, alarm),
    )


def _condition(trigger: Mapping[str, Any]) -> str:
    return f"{trigger.get('ComparisonOperator', 'beyond')} {trigger.get('Threshold', 'its threshold')}"


def _dashboard(arn: str, deployment: str, alarm: Alarm | None) -> str | None:
    """The alarm's dashboard in the console; `arn:<partition>:cloudwatch:<region>:...` says where that is."""
    parts = arn.split(":")
    if alarm is None or len(parts) < 6 or parts[1] not in _CONSOLES:
        return None
    region, host = parts[3], _CONSOLES[parts[1]]
    name = dashboard_name(deployment, alarm.dashboard, region)
    return f"https://{region}.{host}/cloudwatch/home?region={region}#dashboards/dashboard/{name}"
