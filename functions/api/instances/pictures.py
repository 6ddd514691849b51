"""QR codes as pictures, in the form that the caller accepts."""

from __future__ import annotations

import base64
import io
from functools import lru_cache

from fastapi.responses import Response

JSON, PNG, SVG = "application/json", "image/png", "image/svg+xml"
_FORMS = {"*/*": JSON, "application/*": JSON, "image/*": PNG, JSON: JSON, PNG: PNG, SVG: SVG}
_SCALE = 6
_MASK = 2  # a fixed one: judging all eight takes most of the time, and every reader takes any


def preferred(accept: str | None) -> str | None:
    """The media type to answer with; None when the caller accepts none that there is."""
    if not accept:
        return JSON
    wanted = [_weighed(part) for part in accept.split(",")]
    known = [(weight, form) for weight, form in wanted if form is not None and weight > 0]
    return max(known, key=lambda one: one[0])[1] if known else None


def picture(code: str, media_type: str) -> Response:
    """The code as PNG or SVG."""
    return Response(png(code) if media_type == PNG else svg(code), media_type=media_type, headers={"vary": "accept"})


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


def _weighed(part: str) -> tuple[float, str | None]:
    media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
    weight = next((one[2:] for one in parameters if one.startswith("q=")), "1")
    try:
        return float(weight), _FORMS.get(media_type)
    except ValueError:
        return 0.0, None
