"""QR codes as pictures, in the form that the caller accepts."""

from __future__ import annotations

import base64
import io
import re
from functools import lru_cache

JSON, PNG, SVG = "application/json", "image/png", "image/svg+xml"
FORMS = (JSON, PNG, SVG)  # what is liked equally is given in this order
_WEIGHT = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")
_SCALE = 6
_MASK = 2  # a fixed one: judging all eight takes most of the time, and every reader takes any


def preferred(accept: str | None) -> str | None:
    """The media type to answer with; None when the caller accepts none that there is.

    Each form counts as the most specific range that names it says (RFC 9110, 12.5.1); what the caller names first is
    preferred among equals."""
    if not accept:
        return JSON
    ranges = [_weighed(part) for part in accept.split(",")]
    judged = [(*_judged(form, ranges), form) for form in FORMS]
    weight, _, form = max(judged, key=lambda one: one[:2])
    return form if weight > 0 else None


def picture(code: str, media_type: str) -> bytes:
    """The code as PNG or SVG."""
    return png(code) if media_type == PNG else svg(code)


@lru_cache(maxsize=256)
def data_url(code: str) -> str:
    """The code as a PNG in a data: URL."""
    return "data:image/png;base64," + base64.b64encode(png(code)).decode("ascii")


@lru_cache(maxsize=256)
def png(code: str) -> bytes:
    """The code as a PNG."""
    return _drawn(code, "png")


@lru_cache(maxsize=256)
def svg(code: str) -> bytes:
    """The code as an SVG."""
    return _drawn(code, "svg")


def _drawn(code: str, kind: str) -> bytes:
    import segno  # seldom needed, so it does not slow down the start

    drawn = io.BytesIO()
    segno.make_qr(code, mask=_MASK).save(drawn, kind=kind, scale=_SCALE, border=4)
    return drawn.getvalue()


def _judged(form: str, ranges: list[tuple[str, float]]) -> tuple[float, int]:
    """How much a form is wanted, and how early it was named, as a number that is higher the earlier."""
    for name in (form, form.split("/")[0] + "/*", "*/*"):
        for place, (media_range, weight) in enumerate(ranges):
            if media_range == name:
                return weight, -place
    return 0.0, 0


def _weighed(part: str) -> tuple[str, float]:
    media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
    weight = next((one[2:] for one in parameters if one.startswith("q=")), "1")
    return media_range, float(weight) if _WEIGHT.fullmatch(weight) else 0.0
