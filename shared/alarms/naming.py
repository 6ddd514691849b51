"""The names of a deployment's alarms and dashboards, and the way back. `prefix` starts all of a deployment's names.

A dashboard has its region in its name: dashboards belong to the account, everything else to a region of it.
"""

from __future__ import annotations

from shared.alarms.alarm import Alarm, Dashboard
from shared.alarms.catalog import ALL


def alarm_name(prefix: str, alarm: Alarm) -> str:
    """Such as `hivewp-prod-host-memory`."""
    return f"{prefix}-{alarm.id}"


def dashboard_name(prefix: str, dashboard: Dashboard, region: str) -> str:
    """Such as `hivewp-prod-business-eu-west-1`."""
    return f"{prefix}-{dashboard}-{region}"


def find(prefix: str, name: str) -> Alarm | None:
    """The alarm that is called so, or None when it is not one of ours."""
    return next((alarm for alarm in ALL if alarm_name(prefix, alarm) == name), None)
