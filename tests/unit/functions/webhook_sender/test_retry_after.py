"""The header Retry-After as endpoints send it, well-formed or not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.webhook_sender.retry_after import LONGEST_S, retry_after
from tests.fakes.clock import NOW


@pytest.mark.parametrize("status", [429, 503])
def test_seconds_and_dates_are_read(status: int) -> None:
    date = format_datetime(datetime.fromtimestamp(NOW, UTC) + timedelta(seconds=90), usegmt=True)
    assert retry_after(status, " 120 ", NOW) == 120
    assert retry_after(status, date, NOW) == 90


def test_no_more_than_an_hour_is_granted() -> None:
    assert retry_after(503, "86400", NOW) == LONGEST_S
    assert retry_after(503, "Fri, 31 Dec 2100 23:59:59 GMT", NOW) == LONGEST_S


@pytest.mark.parametrize("status", [200, 301, 404, 500])
def test_other_answers_ask_for_nothing(status: int) -> None:
    assert retry_after(status, "120", NOW) is None


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "0",
        "-5",
        "1.5",
        "soon",
        "1e3",
        "9" * 400,
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Fri, 31 Dec 2100 23:59:59",
    ],
)
def test_what_cannot_be_read_or_lies_in_the_past_is_as_if_it_were_absent(header: str | None) -> None:
    assert retry_after(429, header, NOW) is None


@given(st.text(max_size=60))
def test_nothing_that_an_endpoint_may_send_breaks_it(header: str) -> None:
    found = retry_after(429, header, NOW)
    assert found is None or 0 < found <= LONGEST_S
