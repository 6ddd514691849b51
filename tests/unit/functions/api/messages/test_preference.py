"""Prefer: wait=N."""

from __future__ import annotations

import pytest

from functions.api.messages.preference import wait_of


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
