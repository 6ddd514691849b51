"""An alert in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from functions.alerts.alert import Alert, State

_HEADS = {State.ALARM: "ALARM", State.OK: "OK", State.NO_DATA: "NO DATA"}


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: lines for people, the first one a title, and the same as facts for machines."""

    lines: tuple[str, ...]
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(self.lines)


def message_of(alert: Alert) -> Message:
    """What it means, the figure against its threshold, since when, where to look and the first thing to do."""
    alarm = alert.alarm
    title = f"{_HEADS[alert.state]} {alert.deployment}: {alarm.title if alarm else alert.name}{_ending(alert)}"
    lines = [title, *_explained(alert), f"Now: {_now(alert)}", f"Since: {alert.since}"]
    if alarm and alert.state is not State.OK:
        lines.append(f"First thing to do: {alarm.first_step}")
    if alert.dashboard:
        lines.append(f"Dashboard: {alert.dashboard}")
    return Message(tuple(lines), _facts(alert, title))


def notice(subject: str | None, text: str) -> Message:
    """What somebody wrote to the topic, such as a try whether alerts arrive."""
    lines = (subject, text) if subject else (text,)
    return Message(lines, {"title": lines[0]})


def _ending(alert: Alert) -> str:
    if alert.state is not State.OK:
        return ""
    return " (it is over)" if alert.before is State.ALARM else " (nothing to do)"


def _explained(alert: Alert) -> list[str]:
    if alert.state is State.OK:
        return []
    if alert.state is State.NO_DATA:
        return ["CloudWatch has no figures to judge by: what should tell them may be gone."]
    return [f"What it means: {alert.alarm.meaning}"] if alert.alarm else [f"What CloudWatch says: {alert.reason}"]


def _now(alert: Alert) -> str:
    value = "no figure" if alert.value is None else f"{round(alert.value, 2):g}"
    return f"{value}; bad is {alert.condition}"


def _facts(alert: Alert, title: str) -> dict[str, Any]:
    alarm = alert.alarm
    return {
        "title": title,
        "deployment": alert.deployment,
        "alarm": alarm.id if alarm else alert.name,
        "state": alert.state.value,
        "meaning": alarm.meaning if alarm else None,
        "first_step": alarm.first_step if alarm else None,
        "value": alert.value,
        "condition": alert.condition,
        "since": alert.since,
        "reason": alert.reason,
        "dashboard": alert.dashboard,
    }
