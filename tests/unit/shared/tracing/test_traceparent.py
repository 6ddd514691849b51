"""traceparent as W3C Trace Context has it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.tracing.traceparent import LENGTH, checked, new_traceparent, parts_of, trace_id_of

GOOD = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@given(st.booleans())
def test_a_new_one_is_one(sampled: bool) -> None:
    made = new_traceparent(sampled=sampled)
    assert len(made) == LENGTH
    assert checked(made) == made
    assert parts_of(made)[2] == sampled
    assert trace_id_of(made) == made.split("-")[1]


def test_no_two_are_the_same() -> None:
    assert len({trace_id_of(new_traceparent()) for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "nonsense",
        GOOD.upper(),
        GOOD[:-1],
        f"{GOOD}-more",  # version 00 ends there
        f"{GOOD} ",
        f"ff{GOOD[2:]}",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01",
        f"{GOOD}, {GOOD}",
        "00-4bf92f3577b34da6a3ce929d0e0e473\u0661-00f067aa0ba902b7-01",
    ],
)
def test_what_is_none_is_not_taken(text: str | None) -> None:
    assert checked(text) is None


@pytest.mark.parametrize(
    ("text", "carried"),
    [
        (GOOD, GOOD),
        (f"{GOOD[:-2]}00", f"{GOOD[:-2]}00"),
        (f"{GOOD[:-2]}03", GOOD),  # a flag that this version does not know
        (f"{GOOD[:-2]}02", f"{GOOD[:-2]}00"),
        (f"cc{GOOD[2:]}", GOOD),
        (f"cc{GOOD[2:]}-what-the-future-brings", GOOD),
    ],
)
def test_of_others_is_carried_what_is_known(text: str, carried: str) -> None:
    assert checked(text) == carried


@given(st.text(max_size=80))
def test_whatever_comes_is_carried_in_form_or_not_at_all(text: str) -> None:
    carried = checked(text)
    assert carried is None or checked(carried) == carried
