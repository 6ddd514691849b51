"""What an alarm is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.metrics import Metric


class Sign(StrEnum):
    """On which side of its threshold an alarm goes off."""

    ABOVE = ">"
    BELOW = "<"


class Missing(StrEnum):
    """What a period without a figure counts as; CloudWatch's names."""

    GOOD = "notBreaching"
    BAD = "breaching"
    NO_CHANGE = "ignore"


class Dashboard(StrEnum):
    """Where an alarm's graph is."""

    BUSINESS = "business"
    OPERATIONS = "operations"


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `part + rest` in percent. A period with less than `at_least` of them in all counts as good."""

    part: Metric
    rest: Metric
    at_least: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """It goes off when `bad` of the last `periods`, each of `period_s` seconds, are beyond the threshold.

    `of` is what is looked at; None: a metric of AWS that infra/ knows. `missing_because` says why a period
    without a figure counts as it does.
    """

    id: str
    title: str
    meaning: str
    first_step: str
    sign: Sign
    threshold: float
    unit: str
    period_s: int
    periods: int
    bad: int
    missing: Missing
    missing_because: str
    dashboard: Dashboard
    of: Metric | Share | None = None

    def condition(self) -> str:
        """Such as `> 90 % in 3 of 5 minutes`."""
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.sign} {self.threshold:g}{unit} in {_span(self.bad, self.periods, self.period_s)}"


def _span(bad: int, periods: int, period_s: int) -> str:
    minutes = period_s // 60
    if periods == 1:
        return "a minute" if minutes == 1 else f"{minutes} minutes"
    each = "minutes" if minutes == 1 else f"periods of {minutes} minutes"
    return f"{bad} of {periods} {each}" if bad != periods else f"{periods} {each} in a row"
