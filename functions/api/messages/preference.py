"""`Prefer: wait=N` (RFC 7240): a preference that cannot be understood is none, one over the limit is cut to it."""

from __future__ import annotations

import re

LONGEST_WAIT_S = 20
ANSWERED_WITHIN_S = 25.0  # API Gateway ends a call after 29 s
_WAIT = re.compile(r'(?:^|,)\s*wait\s*=\s*"?([0-9]{1,6})"?\s*(?=[;,]|$)', re.IGNORECASE)


def wait_of(header: str | None) -> int | None:
    """How many seconds the caller would wait for the outcome; None when it did not say."""
    found = _WAIT.search(header or "")
    return min(int(found[1]), LONGEST_WAIT_S) if found else None


def time_left(wait: int, elapsed_s: float) -> int:
    """How many of these seconds can be waited by a call that has taken so long already."""
    return max(0, min(wait, int(ANSWERED_WITHIN_S - elapsed_s)))
