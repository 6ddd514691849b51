"""Types of events as callers write them in a query."""

from __future__ import annotations

import pytest

from functions.api.filters import types_in
from functions.api.problems import Problem
from shared.models.event import EventType


def test_a_star_stands_for_anything() -> None:
    assert types_in(None, "?types") == types_in("*", "?types") == types_in("call.*,*", "?types") == ()
    assert types_in("call.*", "?types") == (EventType.CALL_OFFERED, EventType.CALL_ENDED)
    assert types_in("message.sent,poll.*", "?types") == (EventType.MESSAGE_SENT, EventType.POLL_VOTE)


@pytest.mark.parametrize("pattern", ["message.sen?", "[mc]*", "message.[!s]*", "nothing.*", "MESSAGE.*", "", " *"])
def test_nothing_else_does_and_what_can_match_nothing_is_refused(pattern: str) -> None:
    for text in (pattern, f"message.*,{pattern}"):
        with pytest.raises(Problem, match="no event has a name like"):
            types_in(text, "?types")
