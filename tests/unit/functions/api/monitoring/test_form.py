from __future__ import annotations

import pytest

from functions.api.monitoring.form import wants_text


@pytest.mark.parametrize(
    ("accept", "text"),
    [
        (None, False),
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("text/plain", True),
        ("Text/Plain; version=0.0.4", True),
        ("text/plain, */*", True),
        ("application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", True),
        ("application/json, text/plain, */*", False),
        ("application/json;q=0.5, text/plain", True),
        ("text/plain;q=0", False),
        ("text/plain;q=nonsense", False),
        ("text/html", False),
    ],
)
def test_text_is_given_to_whoever_names_it(accept: str | None, text: bool) -> None:
    assert wants_text(accept) is text
