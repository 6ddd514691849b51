"""However patterns are spelled, so many endpoints hear one instance at most."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from itertools import product

from hypothesis import example, given
from hypothesis import strategies as st

from functions.api.webhooks.fan_out import exceeds_fan_out

PATTERN = st.text("ab*", min_size=1, max_size=4)
ENDPOINT = st.lists(PATTERN, min_size=1, max_size=3)
NAMES = ["".join(letters) for length in range(1, 9) for letters in product("ab", repeat=length)]


def most_that_hear(pattern: str, others: Sequence[Sequence[str]]) -> int:
    """By trying all short names."""
    names = [name for name in NAMES if fnmatchcase(name, pattern)]
    return max(sum(any(fnmatchcase(name, its) for its in one) for one in others) for name in names) if names else 0


@given(PATTERN, st.lists(ENDPOINT, max_size=3), st.integers(1, 3))
@example("*", [["a*"], ["*b"], ["*a*"]], 3)
@example("a*b", [["a*a"], ["ab*"], ["b*"]], 2)
@example("a", [["a"], ["*"], ["a*", "*a"]], 3)
def test_it_is_as_trying_all_names_says(pattern: str, others: list[list[str]], most: int) -> None:
    assert exceeds_fan_out(pattern, others, most) == (most_that_hear(pattern, others) >= most)


def test_groups_that_have_no_instance_in_common_are_no_crowd() -> None:
    groups = [[f"group-{at}-*"] for at in range(100)]
    assert not exceeds_fan_out("*", groups, 2)
    assert exceeds_fan_out("*", [*groups, ["group-7-*", "x"]], 2)
    named = [[f"shop-{at}-{number}" for number in range(100)] for at in range(99)]
    assert not exceeds_fan_out("*", [*named, ["*"]], 3), "a shop hears its own and the other for all"


def test_what_would_take_too_long_to_find_out_is_a_crowd() -> None:
    assert exceeds_fan_out("*", [[f"{letter}*"] for letter in "abcd"], 2, most_steps=10)
    assert not exceeds_fan_out("*", [[f"{letter}*"] for letter in "abcd"], 2)
