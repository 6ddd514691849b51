"""What a caller is told of its limits: the header fields of the IETF's draft (draft-ietf-httpapi-ratelimit-headers).

    RateLimit-Policy: "messages";q=500;w=60       what is allowed: q in w seconds
    RateLimit: "messages";r=499;t=1               what is left of it, and in how many seconds all of it is there again

Both are lists of limits, told apart by the name in quotes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.limits import DAY_S, MethodClass, Plan, RateRule

Fields = dict[str, str]
"""Header fields, names in lower case."""
RawHeaders = list[tuple[bytes, bytes]]

POLICY = "ratelimit-policy"
STANDING = "ratelimit"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a caller stands with one limit: `count` in `window_s` seconds, `left` of them, all there in `full_in_s`."""

    name: str
    count: int
    window_s: int
    left: int = 0
    full_in_s: int = 0


def rate_limit_fields(*standings: Standing) -> Fields:
    """Both fields."""
    return {
        POLICY: ", ".join(f'"{one.name}";q={one.count};w={one.window_s}' for one in standings),
        STANDING: ", ".join(f'"{one.name}";r={one.left};t={one.full_in_s}' for one in standings),
    }


def refusal_fields(retry_after_s: int, *standings: Standing) -> Fields:
    """The fields of a 429: when to come again, and how the caller stands."""
    return {"retry-after": str(retry_after_s), **rate_limit_fields(*standings)}


def firewall_refusal_fields(rule: RateRule) -> Fields:
    """The fields of a 429 of the firewall, which knows no more than its rule."""
    window_s = rule.limit.window_s
    return refusal_fields(window_s, Standing(f"firewall-{rule.name}", rule.limit.count, window_s, 0, window_s))


def plan_policy(plan: Plan, kind: MethodClass) -> Fields:
    """What a key's plan allows it for calls of a class, which is all that the API itself can tell of it."""
    limit = plan.limits[kind]
    standings = Standing(kind.value, limit.count, limit.window_s), calls_per_day(plan)
    return {POLICY: rate_limit_fields(*standings)[POLICY]}


def calls_per_day(plan: Plan, left: int = 0, full_in_s: int = 0) -> Standing:
    """How a key stands with its plan's quota of calls."""
    return Standing("calls-per-day", plan.quota_per_day, DAY_S, left, full_in_s)


def messages_per_day(count: int, left: int, full_in_s: int) -> Standing:
    """How a tenant stands with its quota of messages."""
    return Standing("messages-per-day", count, DAY_S, left, full_in_s)


def number_checks(per_minute: int, left: int, full_in_s: int) -> Standing:
    """How an instance stands with the numbers that it may ask WhatsApp about."""
    return Standing("number-checks", per_minute, 60, left, full_in_s)


def with_fields(headers: Iterable[tuple[bytes, bytes]], fields: Fields) -> RawHeaders:
    """An answer's headers with these lists; what it has under the same names is put behind them."""
    lists = {name.encode(): value.encode() for name, value in fields.items()}
    rest: RawHeaders = []
    for name, value in headers:
        if name.lower() in lists:
            lists[name.lower()] += b", " + value
        else:
            rest.append((name, value))
    return [*rest, *lists.items()]
