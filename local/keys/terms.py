"""What a person types about a key, read and checked. Everything here raises KeyProblem."""

from __future__ import annotations

import re

from local.keys.errors import KeyProblem
from shared.models.api_key import EVERYTHING, Scope
from shared.models.issued_key import TENANT

LONGEST_LABEL = 100
MOST_MESSAGES_PER_DAY = 1_000_000_000
_SECONDS = {"m": 60, "h": 3600, "d": 86_400}
_LONGEST_DAYS = 3650


def tenant_of(text: str) -> str:
    """A tenant's name."""
    if not re.fullmatch(TENANT, text):
        raise KeyProblem(f"{text!r} is no tenant's name: 1 to 47 letters, digits and . _ -")
    return text


def stage_of(text: str) -> str:
    """A stage's name."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,19}", text):
        raise KeyProblem(f"{text!r} is no stage's name: dev or prod")
    return text


def label_of(text: str) -> str:
    """A label: one line."""
    if len(text) > LONGEST_LABEL or not text.isprintable():
        raise KeyProblem(f"a label is one line of at most {LONGEST_LABEL} characters")
    return text


def messages_per_day_of(number: int | None) -> int | None:
    """How many messages a day; None for what the plan says."""
    if number is not None and not 0 < number <= MOST_MESSAGES_PER_DAY:
        raise KeyProblem(f"{number} is no number of messages a day: 1 to {MOST_MESSAGES_PER_DAY:,}")
    return number


def scopes_of(text: str) -> tuple[Scope, ...]:
    """Scopes with commas between them, in their usual order."""
    named = {part.strip() for part in text.split(",")}
    unknown = sorted(named - set(EVERYTHING))
    if unknown:
        raise KeyProblem(f"{unknown[0]!r} is no scope: a key may have {', '.join(EVERYTHING)}")
    return tuple(scope for scope in EVERYTHING if scope in named)


def seconds_of(text: str, *, zero: bool = False) -> float:
    """A duration such as 30m, 24h or 90d; `0` where that makes sense."""
    if zero and text == "0":
        return 0
    match = re.fullmatch(r"([1-9][0-9]{0,5})([mhd])", text)
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not 0 < seconds <= _LONGEST_DAYS * 86_400:
        raise KeyProblem(f"{text!r} is no duration: 30m, 24h or 90d, ten years at most")
    return seconds


def expiry_of(text: str, now: float) -> float | None:
    """When a key made now expires; None for `never`."""
    return None if text == "never" else now + seconds_of(text)
