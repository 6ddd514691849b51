"""What each plan allows per API key: the one table behind the local gateway, the usage plans and the WAF rules.

| class | calls | standard | scale |
|---|---|---|---|
| messages | `POST /v1/instances/{id}/messages` | 500 a minute | 5,000 |
| instance_operations | every other change of an instance, and what monitoring does: gc, clear | 100 in 5 min | 1,000 |
| queries | all the rest: reads, number checks, webhooks | 1,000 a minute | 10,000 |

| quota | all calls of a key | 500,000 a day | 5,000,000 |

A window's count is also the burst: it may be spent at once, and comes back evenly over the window. The quota is spent
after eight hours of a call every 58 ms, which is above what a plan is for: it bounds what a client gone wild costs, not
what a busy one does. That is little for calls that are answered at once, $3 a day for `standard`, and much for calls
that ask to wait, $140, since the function runs for as long: docs/cost.md has the sums.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

MAX_EVENT_BYTES = 6 * 1024 * 1024  # Lambda's: of the call with its headers, its body in it as an escaped JSON string
MAX_BODY_BYTES = 5_500_000  # leaves room for 25 KB of headers and 750,000 quotes and line breaks to be escaped


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
class Throttle:
    """A bucket as API Gateway has it: `burst` calls at once, refilled by `rate` a second."""

    rate: float
    burst: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan: its limit for every method class, and how many calls of all classes it allows in a day."""

    name: str
    limits: Mapping[MethodClass, Limit]
    quota_per_day: int


_STANDARD = {
    MethodClass.MESSAGES: Limit(500, 60),
    MethodClass.INSTANCE_OPERATIONS: Limit(100, 300),
    MethodClass.QUERIES: Limit(1000, 60),
}
STANDARD = Plan("standard", MappingProxyType(_STANDARD), 500_000)
SCALE = Plan("scale", MappingProxyType({name: limit.times(10) for name, limit in _STANDARD.items()}), 5_000_000)
PLANS: Mapping[str, Plan] = MappingProxyType({plan.name: plan for plan in (STANDARD, SCALE)})

MESSAGES_PATH = r"/v1/instances/[^/]+/messages/?"
NUMBERS_CHECK_PATH = r"/v1/instances/[^/]+/numbers/check/?"
OPERATIONS_PATH = r"/(v1/instances|monitoring)(/.*)?"
READS = ("GET", "HEAD", "OPTIONS")
_MESSAGES, _NUMBERS_CHECK, _OPERATIONS = (
    re.compile(path) for path in (MESSAGES_PATH, NUMBERS_CHECK_PATH, OPERATIONS_PATH)
)


def method_class(method: str, path: str) -> MethodClass:
    """What a call counts as. `method` in capitals, `path` decoded and without the query.

    A number check asks and changes nothing, so it is a query although it is a POST."""
    if method in READS or not _OPERATIONS.fullmatch(path) or _NUMBERS_CHECK.fullmatch(path):
        return MethodClass.QUERIES
    if method == "POST" and _MESSAGES.fullmatch(path):
        return MethodClass.MESSAGES
    return MethodClass.INSTANCE_OPERATIONS


def method_throttle(plan: Plan, method: str, path: str) -> Throttle:
    """What a usage plan allows a key on one method; `path` may be a template.

    API Gateway has a bucket for each method, so the methods of a class together are held by the WAF rules."""
    return _throttle(plan.limits[method_class(method, path)])


def plan_throttle(plan: Plan) -> Throttle:
    """What a usage plan allows a key on all methods together: all classes at their limits."""
    limits = plan.limits.values()
    return Throttle(round(sum(limit.per_second for limit in limits), 3), sum(limit.count for limit in limits))


def highest(name: MethodClass) -> Limit:
    """The limit of the plan that allows most of this class."""
    return max((plan.limits[name] for plan in PLANS.values()), key=lambda limit: limit.per_second)


def retry_after_s() -> int:
    """After how many whole seconds a throttled call passes, whichever its class and plan."""
    return max(math.ceil(1 / limit.per_second) for plan in PLANS.values() for limit in plan.limits.values())


def _throttle(limit: Limit) -> Throttle:
    return Throttle(round(limit.per_second, 3), limit.count)
