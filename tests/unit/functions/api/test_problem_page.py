"""The page of errors that users read is made from what the API answers."""

from __future__ import annotations

from pathlib import Path

from functions.api.problem_page import page


def test_the_page_is_up_to_date() -> None:
    committed = Path(__file__).resolve().parents[4] / "docs" / "errors.md"
    assert committed.read_text() == page(), "run: python -m functions.api.problem_page > docs/errors.md"
