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


@dataclass(frozen=True, slots=True)
class Frequent:
    """`metric` by its own statistic. A period with less than `at_least` values of it counts as good: one slow call in
    a quiet night is a percentile, too."""

    metric: Metric
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
    of: Metric | Share | Frequent | None = None

    def looks_at(self) -> tuple[Metric, ...]:
        """The metrics of ours that it is judged by."""
        match self.of:
            case Share(part, rest):
                return part, rest
            case Frequent(metric):
                return (metric,)
            case None:
                return ()
            case metric:
                return (metric,)

    def good(self) -> float:
        """A figure that is not beyond the threshold, for a period with too little to judge by."""
        return 0 if self.sign is Sign.ABOVE else 100

    def is_bad(self, value: float) -> bool:
        """Whether a figure is beyond the threshold."""
        return value > self.threshold if self.sign is Sign.ABOVE else value < self.threshold

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
