"""Which form of the metrics a caller wants."""

from __future__ import annotations

_TEXT, _JSON = "text/plain", "application/json"


def wants_text(accept: str | None) -> bool:
    """Whether text/plain is named, and nothing says that JSON is liked better. Wildcards alone mean JSON."""
    weights = dict(_weighed(part) for part in (accept or "").lower().split(","))
    return weights.get(_TEXT, 0.0) > weights.get(_JSON, 0.0)


def _weighed(part: str) -> tuple[str, float]:
    media_type, *parameters = (piece.strip() for piece in part.split(";"))
    weight = next((one[2:] for one in parameters if one.startswith("q=")), "1")
    try:
        return media_type, float(weight)
    except ValueError:
        return media_type, 0.0
