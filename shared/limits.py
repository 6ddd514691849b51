"""What each plan allows: the one table behind the local gateway, the usage plans, the WAF rules and the message quota.

| class | calls | standard | scale |
|---|---|---|---|
| messages | `POST /v1/instances/{id}/messages` | 500 a minute | 5,000 |
| instance_operations | every other change of an instance, and what monitoring does: gc, clear | 100 in 5 min | 1,000 |
| queries | all the rest: reads, number checks, webhooks | 1,000 a minute | 10,000 |

| quota | all calls of a key | 500,000 a day | 5,000,000 |
| message quota | messages accepted of a tenant | 100,000 a day | 1,000,000 |
| waits | calls of a tenant that wait at once: for events, codes, outcomes | 150 | 150 |

A window's count is also the burst: it may be spent at once, and comes back evenly over the window. The quota is spent
after eight hours of a call every 58 ms, which is above what a plan is for: it bounds what a client gone wild costs, not
what a busy one does. That is little for calls that are answered at once, $3 a day for `standard`, and much for calls
that ask to wait, $140, since the function runs for as long: docs/cost.md has the sums.

The message quota is a fifth of that: whoever sends also looks at what became of it, and 100,000 are what a hundred
numbers send at a thousand a day each, more than WhatsApp puts up with from most. It bounds what a tenant's messages
cost to $8 a day. It counts messages of a tenant, not calls of a key; a key may have a number of its own.

A call that waits keeps a concurrent call of the API's function for up to 20 s, of which a deployment has 500: windows
alone would let one key of `standard` keep 333, and more in a burst. The number is enough to listen to 150 instances at
once, and is the same for all plans, since the function has no more for those that pay more. Calls that wait for what
WhatsApp answers, a message's outcome or a check of numbers, count after a second.
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


WAITS_AT_ONCE = 150
DAY_S = 86_400


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
    """A plan: its limit for every method class, how many calls of all classes it allows a key in a day, and how many
    messages a tenant."""

    name: str
    limits: Mapping[MethodClass, Limit]
    quota_per_day: int
    messages_per_day: int


_STANDARD = {
    MethodClass.MESSAGES: Limit(500, 60),
    MethodClass.INSTANCE_OPERATIONS: Limit(100, 300),
    MethodClass.QUERIES: Limit(1000, 60),
}
STANDARD = Plan("standard", MappingProxyType(_STANDARD), 500_000, 100_000)
_SCALE = {name: limit.times(10) for name, limit in _STANDARD.items()}
SCALE = Plan("scale", MappingProxyType(_SCALE), 5_000_000, 1_000_000)
PLANS: Mapping[str, Plan] = MappingProxyType({plan.name: plan for plan in (STANDARD, SCALE)})


def plan_of(name: str) -> Plan:
    """The plan of this name; an unknown one, taken away since, is `standard`."""
    return PLANS.get(name, STANDARD)


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


@dataclass(frozen=True, slots=True)
class RateRule:
    """A rule of the firewall: so many calls in the seconds before, by client IP, or by client IP and x-api-key.

    `kind`: the only calls that it counts; None: all of them, those without a key too."""

    name: str
    limit: Limit
    kind: MethodClass | None = None


PER_IP_WINDOW_S = 60
PER_IP_FACTOR = 2  # two customers behind one address


def per_ip_limit() -> Limit:
    """Twice what one key of the highest plan may do in all classes."""
    per_second = sum(highest(kind).per_second for kind in MethodClass)
    return Limit(round(PER_IP_FACTOR * per_second * PER_IP_WINDOW_S), PER_IP_WINDOW_S)


def rate_rules() -> list[RateRule]:
    """The firewall's rate rules in the order in which they are asked; the first that refuses a call answers it."""
    by_class = [RateRule(kind.value.replace("_", "-"), highest(kind), kind) for kind in MethodClass]
    return [RateRule("per-ip", per_ip_limit()), *by_class]


def until_midnight_s(unix: float) -> int:
    """In how many whole seconds the next day of UTC begins; never 0."""
    return math.ceil((unix // DAY_S + 1) * DAY_S - unix)


def retry_after_s() -> int:
    """After how many whole seconds a throttled call passes, whichever its class and plan."""
    return max(math.ceil(1 / limit.per_second) for plan in PLANS.values() for limit in plan.limits.values())


def _throttle(limit: Limit) -> Throttle:
    return Throttle(round(limit.per_second, 3), limit.count)
