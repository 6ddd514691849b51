"""What each plan allows per API key: the one table behind the local gateway, the usage plans and the WAF rules.

| class | calls | standard | scale |
|---|---|---|---|
| messages | `POST /v1/instances/{id}/messages` | 500 a minute | 5,000 |
| instance_operations | every other change of an instance, its creation included | 100 in 5 minutes | 1,000 |
| queries | all the rest: reads, number checks, webhooks, monitoring | 1,000 a minute | 10,000 |

A window's count is also the burst: it may be spent at once, and comes back evenly over the window.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

MAX_BODY_BYTES = 6 * 1024 * 1024


class MethodClass(StrEnum):
    """What a call is counted as."""

    MESSAGES = "messages"
    INSTANCE_OPERATIONS = "instance_operations"
    QUERIES = "queries"


@dataclass(frozen=True, slots=True)
class Limit:
    """`count` calls in `window_s` seconds."""

    count: int
    window_s: int

    @property
    def per_second(self) -> float:
        """The steady rate."""
        return self.count / self.window_s

    def times(self, factor: int) -> Limit:
        """The same window with `factor` times the count."""
        return Limit(self.count * factor, self.window_s)


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan and its limit for every method class."""

    name: str
    limits: Mapping[MethodClass, Limit]


_STANDARD = {
    MethodClass.MESSAGES: Limit(500, 60),
    MethodClass.INSTANCE_OPERATIONS: Limit(100, 300),
    MethodClass.QUERIES: Limit(1000, 60),
}
STANDARD = Plan("standard", MappingProxyType(_STANDARD))
SCALE = Plan("scale", MappingProxyType({name: limit.times(10) for name, limit in _STANDARD.items()}))
PLANS: Mapping[str, Plan] = MappingProxyType({plan.name: plan for plan in (STANDARD, SCALE)})

_MESSAGES = re.compile(r"/v1/instances/[^/]+/messages/?")
_NUMBERS_CHECK = re.compile(r"/v1/instances/[^/]+/numbers/check/?")
_INSTANCES = re.compile(r"/v1/instances(/.*)?")
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


def method_class(method: str, path: str) -> MethodClass:
    """What a call counts as. `method` in capitals, `path` decoded and without the query.

    A number check asks and changes nothing, so it is a query although it is a POST."""
    if method in _READS or not _INSTANCES.fullmatch(path) or _NUMBERS_CHECK.fullmatch(path):
        return MethodClass.QUERIES
    if method == "POST" and _MESSAGES.fullmatch(path):
        return MethodClass.MESSAGES
    return MethodClass.INSTANCE_OPERATIONS
