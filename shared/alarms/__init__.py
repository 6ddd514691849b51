"""Every alarm: when it goes off, what it means and the first thing to do. CDK makes the alarms from this list, the
alerts function tells them by it, and docs/alarms.md is held equal to it by a test.
"""

from shared.alarms.alarm import Alarm, Dashboard, Frequent, Missing, Share, Sign
from shared.alarms.catalog import ALL
from shared.alarms.naming import alarm_name, dashboard_name, find

__all__ = ["ALL", "Alarm", "Dashboard", "Frequent", "Missing", "Share", "Sign", "alarm_name", "dashboard_name", "find"]
