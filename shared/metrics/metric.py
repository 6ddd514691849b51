"""What a metric is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """CloudWatch's names of units."""

    COUNT = "Count"
    MILLISECONDS = "Milliseconds"
    PERCENT = "Percent"


class Emitter(StrEnum):
    """Which process says it. A HOST speaks for itself; every host says what is so of the whole deployment (HOSTS)."""

    API = "api"
    WEBHOOK_SENDER = "webhook_sender"
    HOST = "host"
    HOSTS = "hosts"


class Statistic(StrEnum):
    """How what was said within a period becomes one number; CloudWatch's names."""

    SUM = "Sum"
    AVERAGE = "Average"
    MAXIMUM = "Maximum"
    P95 = "p95"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of NAMESPACE; `statistic` is the one it is meant to be read by."""

    name: str
    unit: Unit
    emitter: Emitter
    statistic: Statistic
    meaning: str
