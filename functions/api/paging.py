"""Lists: `{data: [...], next_cursor}`. A cursor says where the next page starts and means nothing to callers."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from fastapi import Query

from functions.api.problems import invalid

DEFAULT = 50
MOST = 100
_LONGEST = 200

Limit = Annotated[int, Query(ge=1, le=MOST, description="How many to give at most.")]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before.")]


def next_cursor(mark: str | None) -> str | None:
    """The cursor of the mark that a store's page ended with."""
    return base64.urlsafe_b64encode(mark.encode()).decode().rstrip("=") if mark else None


def mark_of(cursor: str | None) -> str | None:
    """The mark of a cursor. Raises Problem."""
    if cursor is None:
        return None
    try:
        mark = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise invalid("?cursor", "this is no cursor that was given out") from error
    if not 0 < len(mark) <= _LONGEST or not mark.isprintable():
        raise invalid("?cursor", "this is no cursor that was given out")
    return mark
