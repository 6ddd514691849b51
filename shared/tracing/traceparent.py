"""W3C Trace Context's `traceparent`: `00-<trace id>-<id of the span above>-<flags>`, in lower-case hex."""

from __future__ import annotations

import re
import secrets

LENGTH = 55
SAMPLED = 1
_NONE = re.compile(r"0+")
_FORM = re.compile(r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})")


def new_traceparent(*, sampled: bool = False) -> str:
    """The beginning of a trace, from the system's own randomness: copies of a process begin different ones."""
    return f"00-{_nonzero(16)}-{_nonzero(8)}-{SAMPLED if sampled else 0:02x}"


def checked(text: str | None) -> str | None:
    """A traceparent as we carry it on, or None where it is none. Of a later version, what this one knows of it."""
    if text is None:
        return None
    found = _FORM.fullmatch(text[:LENGTH])
    if found is None or found["version"] == "ff" or _NONE.fullmatch(found["trace"]) or _NONE.fullmatch(found["span"]):
        return None
    if len(text) > LENGTH and (found["version"] == "00" or text[LENGTH] != "-"):
        return None
    return f"00-{found['trace']}-{found['span']}-{int(found['flags'], 16) & SAMPLED:02x}"


def trace_id_of(traceparent: str) -> str:
    """The 32 hex digits that all of a trace has in common."""
    return traceparent[3:35]


def parts_of(traceparent: str) -> tuple[int, int, int]:
    """Trace id, span id and flags of one that was checked."""
    _, trace, span, flags = traceparent.split("-")
    return int(trace, 16), int(span, 16), int(flags, 16)


def _nonzero(size: int) -> str:
    return secrets.token_hex(size - 1) + f"{secrets.randbelow(255) + 1:02x}"
