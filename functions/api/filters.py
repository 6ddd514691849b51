"""What lists are narrowed down by: types of events, times, states. Each parser raises Problem."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, TypeVar

from fastapi import Query

from functions.api.problems import invalid
from shared.clock import parse_iso
from shared.models.event import EventType
from shared.models.patterns import any_matches, matches

Word = TypeVar("Word", bound=StrEnum)

_LONGEST = 500
_LAST_S = 4_000_000_000.0
_UNQUOTED_PLUS = re.compile(r"^(.{11,}) (\d\d(?::?\d\d)?)$")

Words = Annotated[str | None, Query(max_length=_LONGEST)]
Types = Annotated[
    str | None,
    Query(
        max_length=_LONGEST,
        description="Only events of these types: names with commas between them, `*` stands for anything.",
        examples=["message.*,instance.state"],
    ),
]
Since = Annotated[
    str | None, Query(description="Only from this time on, ISO 8601.", examples=["2026-01-31T12:00:00Z"], max_length=40)
]
Until = Annotated[
    str | None,
    Query(description="Only up to and with this time, ISO 8601.", examples=["2026-01-31T18:00:00Z"], max_length=40),
]


def types_in(text: str | None, pointer: str) -> tuple[EventType, ...]:
    """The types of events that are named; none when all are."""
    patterns = text.split(",") if text is not None else ["*"]
    for pattern in patterns:
        if not any(matches(pattern, kind) for kind in EventType):
            raise invalid(pointer, f"no event has a name like {pattern!r}")
    found = tuple(kind for kind in EventType if any_matches(patterns, kind))
    return () if len(found) == len(EventType) else found


def words_in(text: str | None, known: type[Word], pointer: str) -> tuple[Word, ...]:
    """The words that are named, each one of those known."""
    named = text.split(",") if text is not None else []
    for name in named:
        if name not in list(known):
            raise invalid(pointer, f"{name!r} is none of {', '.join(known)}")
    return tuple(known(name) for name in dict.fromkeys(named))


def moment(text: str | None, pointer: str) -> float | None:
    """The time in unix seconds. In a query the `+` of an offset is a space, unless it was written as %2B."""
    if text is None:
        return None
    try:
        return min(max(parse_iso(_UNQUOTED_PLUS.sub(r"\1+\2", text)), 0.0), _LAST_S)
    except (ValueError, OverflowError) as error:
        raise invalid(pointer, "this is no ISO 8601 time with a time zone, such as 2026-01-31T12:00:00Z") from error


def in_order(since: float | None, until: float | None, pointer: str) -> None:
    """Raises Problem for a time that ends before it begins."""
    if since is not None and until is not None and until < since:
        raise invalid(pointer, "this is before since")
