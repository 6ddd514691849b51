"""Times as callers write them in a query."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.api.filters import moment
from functions.api.problems import Problem


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2090, 1, 1)),
    st.integers(-14 * 60, 14 * 60),
    st.sampled_from(["auto", "minutes", "seconds", "milliseconds"]),
    st.sampled_from("T "),
)
def test_an_offset_may_be_typed_into_a_url(local: datetime, minutes: int, spec: str, between: str) -> None:
    written = local.replace(tzinfo=timezone(timedelta(minutes=minutes))).isoformat(between, timespec=spec)
    (received,) = parse_qs(f"since={written}")["since"]
    assert moment(received, "?since") == datetime.fromisoformat(written).timestamp()


@pytest.mark.parametrize(
    "text", ["2026-11-23 12:30", "2026-11-23 1230", "20261123 123000", "2026-11-23T12:30", "now", ""]
)
def test_a_time_without_an_offset_is_none(text: str) -> None:
    with pytest.raises(Problem, match="no ISO 8601 time"):
        moment(text, "?since")
