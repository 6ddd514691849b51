"""An alarm that has changed its state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.alarms import Alarm


class State(StrEnum):
    """CloudWatch's names."""

    ALARM = "ALARM"
    OK = "OK"
    NO_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """`alarm` is None for one that is not on our list, `before` the state that it was in. `since` is ISO 8601, `value`
    the latest figure where there is one, `condition` what would be bad, `reason` the judge's own words, `dashboard` a
    URL."""

    deployment: str
    name: str
    alarm: Alarm | None
    state: State
    since: str
    condition: str
    reason: str
    before: State | None = None
    value: float | None = None
    dashboard: str | None = None
