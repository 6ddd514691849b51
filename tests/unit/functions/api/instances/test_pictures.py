"""QR codes as pictures."""

from __future__ import annotations

import pytest

from functions.api.instances.pictures import JSON, PNG, SVG, data_url, png, preferred, svg


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/json", JSON),
        ("image/png", PNG),
        ("IMAGE/PNG", PNG),
        ("image/svg+xml", SVG),
        ("image/*", PNG),
        ("image/avif,image/webp,image/*,*/*;q=0.8", PNG),
        ("text/html,application/xhtml+xml,*/*;q=0.8", JSON),
        ("image/svg+xml;q=0.5, image/png;q=0.9", PNG),
        ("application/json;q=0.1, image/svg+xml", SVG),
        ("text/html", None),
        ("image/png;q=0", None),
        ("image/png;q=high", None),
        ("image/png;q=2", None),
        ("image/png;q=nan", None),
        ("application/json;q=0, */*", PNG),
        ("image/*;q=0.9, image/png;q=0.1, */*;q=0.5", SVG),
        ("image/svg+xml, image/png", SVG),
        ("image/avif,image/webp,image/svg+xml,image/*,*/*;q=0.8", SVG),
    ],
)
def test_the_callers_wish_decides(accept: str | None, form: str | None) -> None:
    assert preferred(accept) == form


def test_a_code_is_drawn() -> None:
    code = "2@" + "x" * 280
    assert png(code).startswith(b"\x89PNG\r\n")
    assert b"<svg" in svg(code)
    assert data_url(code).startswith("data:image/png;base64,iVBOR")
