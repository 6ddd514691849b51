"""Cursors."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.api.paging import mark_of, next_cursor
from functions.api.problems import Problem


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=100))
def test_a_cursor_gives_its_mark_back(mark: str) -> None:
    cursor = next_cursor(mark)
    assert cursor is not None
    assert mark_of(cursor) == mark


@given(st.text(max_size=40))
def test_anything_else_is_a_mark_or_a_problem(text: str) -> None:
    with suppress(Problem):
        assert mark_of(text)


def test_no_cursor_is_the_first_page_and_no_mark_the_last() -> None:
    assert mark_of(None) is None
    assert next_cursor(None) is None
    with pytest.raises(Problem):
        mark_of("")
