"""Patterns match as shells have it, at a cost that no pattern can drive up."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.models.patterns import any_matches, matches

NAMES = st.text("ab.", max_size=8)


@given(st.text("ab.*", min_size=1, max_size=8), NAMES)
@example("a*a", "a")
@example("*a*", "a")
@example("*ab*b*", "aab")
@example("**", "")
def test_they_match_as_shells_have_it(pattern: str, name: str) -> None:
    assert matches(pattern, name) == fnmatchcase(name, pattern)


@given(st.lists(st.text("ab*", min_size=1, max_size=4), max_size=4), NAMES)
def test_one_that_matches_is_enough(patterns: list[str], name: str) -> None:
    assert any_matches(patterns, name) == any(matches(pattern, name) for pattern in patterns)


@pytest.mark.timeout(5)
def test_no_pattern_takes_long() -> None:
    assert not matches("*a" * 5_000 + "b", "a" * 20_000)
