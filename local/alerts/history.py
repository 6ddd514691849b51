"""What was read lately, and what an alarm's periods were by it."""

from __future__ import annotations

from collections import deque
from enum import Enum, auto
from itertools import takewhile
from statistics import fmean

from local.alerts.reading import COUNTED, WATCHED, Reading
from shared.alarms import Alarm
from shared.alarms import catalog as alarms
from shared.figures.counts import less

LONGEST_S = max(alarm.periods * alarm.period_s for alarm in WATCHED)
_AVERAGED = frozenset({alarms.INSTANCES_CONNECTED})  # of the others the highest counts


class NoFigure(Enum):
    """Why a period has none."""

    NOT_YET = auto()
    """It began before the first reading, and what was read of it since is not bad: whoever asks later may know."""
    SILENT = auto()
    """Nobody told anything in it."""


Figure = float | NoFigure


class History:
    """The readings of the longest time that an alarm looks back, the oldest first."""

    def __init__(self) -> None:
        self._readings: deque[Reading] = deque()

    def add(self, reading: Reading) -> None:
        """Keeps a reading, and forgets those that nobody looks back to. A clock that was set back begins anew."""
        if self._readings and reading.at <= self._readings[-1].at:
            self._readings.clear()
        self._readings.append(reading)
        while len(self._readings) > 1 and self._readings[1].at <= reading.at - LONGEST_S:
            self._readings.popleft()

    def periods(self, alarm: Alarm, now: float) -> list[Figure]:
        """The figures of an alarm's last periods, the newest first; each ends a period before the one after it."""
        ends = (now - number * alarm.period_s for number in range(alarm.periods))
        return [self._period(alarm, end - alarm.period_s, end) for end in ends]

    def _period(self, alarm: Alarm, start: float, end: float) -> Figure:
        """Of what was read after `start`, until `end`."""
        before = list(takewhile(lambda one: one.at <= start, self._readings))
        within = [one for one in self._readings if start < one.at <= end]
        if alarm in COUNTED:
            figure = _counted(alarm, [*before[-1:], *within])
            known = bool(before) or (figure is not None and alarm.is_bad(figure))
        else:
            figure, known = _gauge(alarm, within), True
        if figure is not None and known:
            return figure
        return NoFigure.SILENT if before else NoFigure.NOT_YET


def _counted(alarm: Alarm, readings: list[Reading]) -> float | None:
    """What was counted between the first and the last of them."""
    if len(readings) < 2:
        return None
    return COUNTED[alarm](less(readings[-1].counts, readings[0].counts))


def _gauge(alarm: Alarm, within: list[Reading]) -> float | None:
    values = [one.gauges[alarm] for one in within if alarm in one.gauges]
    if not values:
        return None
    return fmean(values) if alarm in _AVERAGED else max(values)
