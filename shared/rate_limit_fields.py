"""What a caller is told of its limits: the header fields of the IETF's draft (draft-ietf-httpapi-ratelimit-headers).

    RateLimit-Policy: "messages";q=500;w=60       what is allowed: q in w seconds
    RateLimit: "messages";r=499;t=1               what is left of it, and in how many seconds all of it is there again

Both are lists: several limits, or two fields of the same name, are told apart by the name in quotes.
"""

from __future__ import annotations

from dataclasses import dataclass

Fields = dict[str, str]

CALLS_PER_DAY = "calls-per-day"
MESSAGES_PER_DAY = "messages-per-day"
NUMBER_CHECKS = "number-checks"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a caller stands with one limit: `count` in `window_s` seconds, `left` of them, all there in `full_in_s`."""

    name: str
    count: int
    window_s: int
    left: int
    full_in_s: int


def rate_limit_fields(*standings: Standing) -> Fields:
    """Both header fields, names in lower case."""
    return {
        "ratelimit-policy": ", ".join(f'"{one.name}";q={one.count};w={one.window_s}' for one in standings),
        "ratelimit": ", ".join(f'"{one.name}";r={max(0, one.left)};t={one.full_in_s}' for one in standings),
    }


def refusal_fields(retry_after_s: int, *standings: Standing) -> Fields:
    """The header fields of a 429: when to come again, and how the caller stands."""
    return {"retry-after": str(retry_after_s), **rate_limit_fields(*standings)}
