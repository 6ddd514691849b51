"""The header Retry-After of an answer, in both its forms. What cannot be read is as if it were absent."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

LONGEST_S = 3600.0  # what an endpoint may ask for; beyond that the schedule knows better
ASKING = frozenset({429, 503})  # statuses that say "not now"

_SECONDS = re.compile(r"[0-9]{1,9}")


def retry_after(status: int, header: str | None, now: float) -> float | None:
    """In how many seconds an endpoint wants to be called again, at most LONGEST_S; None: it does not say.

    `header`: seconds or an HTTP date. `now`: unix seconds."""
    if status not in ASKING or header is None:
        return None
    text = header.strip()
    seconds = float(text) if _SECONDS.fullmatch(text) else _until(text, now)
    return min(seconds, LONGEST_S) if seconds is not None and seconds > 0 else None


def _until(text: str, now: float) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment.timestamp() - now if moment.tzinfo else None
