"""A catch-up: what waits for an endpoint that does well again is brought forward, page by page.

chains -> deliveries -> swept

chains      of instances whose events the endpoint has in order, or had so until lately; where it has them in order
            nothing else is brought forward: what is tried again apart from them comes by its schedule
deliveries  that are tried again at a later time
swept       it has come to all
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

_APART_S = 0.001


class Part(StrEnum):
    """What is gone through."""

    CHAINS = "chains"
    DELIVERIES = "deliveries"
    SWEPT = "swept"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatchUp:
    """Of events until `until` (unix seconds, like all times).

    It is known by `at`, another one for each page; the page before was known by `was`. `cursor` is what was come to
    last. Of the page before, put at `put_at`, `awaited` is the last one, and `seen` how that was then: what follows
    waits until it is so no longer."""

    tenant: str
    webhook_id: str
    at: float
    until: float
    was: float = 0.0
    part: Part = Part.CHAINS
    cursor: str | None = None
    awaited: str | None = None
    seen: str | None = None
    put_at: float = 0.0

    def following(self, now: float, **changes: Any) -> CatchUp:
        """The one that takes its place."""
        at = max(round(now, 3), round(self.at + _APART_S, 3))
        return replace(self, was=self.at, at=at, **changes)


def catch_up_from(values: dict[str, Any]) -> CatchUp:
    """The catch-up of its queued values. Raises TypeError or ValueError when they are none."""
    known = {name: values[name] for name in CatchUp.__dataclass_fields__ if name in values}
    return CatchUp(**known | {"part": Part(known.get("part", Part.CHAINS))})
