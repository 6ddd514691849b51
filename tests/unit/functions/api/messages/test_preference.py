"""Prefer: wait=N."""

from __future__ import annotations

import pytest

from functions.api.messages.preference import time_left, wait_of


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("wait=5", 5),
        ("wait=0", 0),
        ("Wait = 5", 5),
        ('wait="5"', 5),
        ("respond-async, wait=5", 5),
        ("wait=5; strict, respond-async", 5),
        ("wait=20", 20),
        ("wait=21", 20),
        ("wait=soon", None),
        ("wait=-1", None),
        ("wait=1.5", None),
        ("wait", None),
        ("no-wait=5", None),
        ("respond-async", None),
    ],
)
def test_the_seconds_to_wait(header: str | None, seconds: int | None) -> None:
    assert wait_of(header) == seconds


@pytest.mark.parametrize(
    ("wait", "elapsed", "seconds"), [(20, 0.3, 20), (20, 5.0, 20), (20, 5.1, 19), (5, 19.0, 5), (20, 26.0, 0)]
)
def test_what_is_left_of_a_wait_ends_before_the_gateway_ends_the_call(wait: int, elapsed: float, seconds: int) -> None:
    assert time_left(wait, elapsed) == seconds
