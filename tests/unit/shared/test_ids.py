"""Ids tell when they were made, and sort by it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import iso, parse_iso
from shared.ids import first_id_at, id_of, made_at, new_id

MILLISECONDS = st.integers(0, 4_000_000_000_000)
TIMES = MILLISECONDS.map(lambda ms: ms / 1000)


def test_an_id_tells_when_it_was_made() -> None:
    before = time.time()
    name = new_id("msg")
    assert before - 0.002 <= made_at(name) <= time.time() + 0.002
    assert first_id_at("msg", before - 1) < name < first_id_at("msg", before + 60)


@given(TIMES, TIMES)
def test_first_ids_sort_as_their_times(one: float, other: float) -> None:
    assert made_at(first_id_at("msg", one)) == pytest.approx(one, abs=0.002)
    if abs(one - other) > 0.002:
        assert (first_id_at("msg", one) < first_id_at("msg", other)) == (one < other)


@given(MILLISECONDS, st.integers(0, 999))
def test_an_id_is_of_the_very_millisecond_that_its_time_is_shown_as(ms: int, microseconds: int) -> None:
    at = parse_iso(f"{iso(ms / 1000)[:-1]}{microseconds:03}Z")
    assert parse_iso(iso(at)) == ms / 1000
    assert made_at(first_id_at("evt", at)) == ms / 1000
    assert made_at(id_of("evt", at, b"0123456789")) == ms / 1000


@pytest.mark.parametrize("text", ["", "msg_", "msg_1", "msg_" + "u" * 26])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not an id|substring not found"):
        made_at(text)
