"""A drill: what is done to the product, and what must still hold."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from local.chaos.scale import Scale
from local.chaos.scene import Scene


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a drill allows beyond what none does (nothing lost, doubled, unsettled, missing; see reckoning).

    `away_s`: the longest time without service of any instance. `uncertain`: messages per instance that was hit.
    `failed`: whether messages may end as `failed`. `second_logins`: logins beside an open connection, per instance
    that was hit. `in_lost`: inbound messages per instance that was hit, where workers are killed: what the library has
    acknowledged and not yet handed over dies with it (docs/reliability.md). `hits`: whether the blow must interrupt
    somebody, or else it hit nothing.
    """

    away_s: float
    uncertain: int = 0
    failed: bool = False
    second_logins: int = 0
    in_lost: int = 0
    hits: bool = True


@dataclass(frozen=True, slots=True)
class Drill:
    """`act` is run in the middle of traffic and returns when the product should be well again."""

    name: str
    title: str
    act: Callable[[Scene], Awaitable[None]]
    bounds: Bounds
    scale: Scale | None = None
