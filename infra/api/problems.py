"""What API Gateway and the firewall say by themselves, as the API itself says it (functions/api/problems.py).

A test holds names, statuses and titles equal to the API's own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from shared.limits import MAX_BODY_BYTES, STANDARD
from shared.rate_limit_fields import calls_per_day

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class GatewayProblem:
    """A problem that never came to the API. `retry_after_s` where coming again helps; `used_up`: the limit that was."""

    type: str
    status: int
    title: str
    detail: str
    retry_after_s: int | None = None
    used_up: str | None = None

    def body(self, **members: str) -> str:
        """As JSON."""
        return json.dumps(
            {"type": self.type, "title": self.title, "status": self.status, "detail": self.detail, **members}
        )


def rate_limited(retry_after_s: int) -> GatewayProblem:
    """429 with the time after which the call would pass."""
    detail = f"Over the limit of the key's plan: try again in {retry_after_s} s."
    return GatewayProblem("rate-limited", 429, "Too many requests", detail, retry_after_s, "plan")


_QUOTA_CHECK_S = 3600  # nothing in a gateway response can tell how far midnight is

FORBIDDEN = GatewayProblem(
    "forbidden", 403, "Forbidden", "Send a valid API key in the header x-api-key; it must be on a plan."
)
BLOCKED = GatewayProblem("blocked", 403, "Blocked", "The firewall took the call for an attack.")
NOT_FOUND = GatewayProblem("not-found", 404, "Not found", "There is no such route, or not with this method.")
QUOTA_EXCEEDED = GatewayProblem(
    "quota-exceeded",
    429,
    "Quota exceeded",
    "The key's plan allows no more calls today: it is renewed at midnight UTC.",
    _QUOTA_CHECK_S,
    calls_per_day(STANDARD).name,
)
PAYLOAD_TOO_LARGE = GatewayProblem(
    "payload-too-large",
    413,
    "Content too large",
    f"The body is larger than {MAX_BODY_BYTES:,} bytes, or has so much to be escaped that it becomes too large.",
)
UNSUPPORTED_MEDIA_TYPE = GatewayProblem(
    "unsupported-media-type", 415, "Unsupported media type", "Send the body with content-type: application/json."
)
BAD_REQUEST = GatewayProblem("bad-request", 400, "Bad request", "The call could not be read as one of this API's.")
UNAVAILABLE = GatewayProblem("unavailable", 503, "Unavailable", "The service cannot take this call now: try again.", 1)
NO_ANSWER = GatewayProblem(
    "no-answer", 504, "No answer yet", "There was no answer in time; what was asked may still be done."
)
INTERNAL = GatewayProblem("internal", 500, "Internal error", "Something went wrong on our side.")
