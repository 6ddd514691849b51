"""Whether an alarm is on, by the figures of its periods."""

from __future__ import annotations

from collections.abc import Sequence

from functions.alerts.alert import State
from local.alerts.history import Figure, NoFigure
from shared.alarms import Alarm, Missing


def judge(alarm: Alarm, periods: Sequence[Figure], before: State) -> State:
    """On when enough periods were bad, off when not enough can have been; else as it was `before`."""
    verdicts = [_is_bad(alarm, figure) for figure in periods]
    bad, open_ones = verdicts.count(True), verdicts.count(None)
    if bad >= alarm.bad:
        return State.ALARM
    return State.OK if bad + open_ones < alarm.bad else before


def _is_bad(alarm: Alarm, figure: Figure) -> bool | None:
    match figure:
        case NoFigure.NOT_YET:
            return None
        case NoFigure.SILENT:
            return {Missing.GOOD: False, Missing.BAD: True, Missing.NO_CHANGE: None}[alarm.missing]
        case value:
            return alarm.is_bad(value)
