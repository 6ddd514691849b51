"""How long instances were without service, by the local WhatsApp's record of their connections.

In service is an instance while WhatsApp has an open connection of its device that is logged in and has asked for its
stanzas, and while the process at the other end of that connection is not frozen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

Span = tuple[float, float]
"""From and to, in unix seconds."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """Processes that were stopped for a while, by the ports of their connections. `until` None: they still are."""

    ports: frozenset[int]
    since: float
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Absence:
    """Interruptions over several instances, in seconds. `longest` and `median` are of each instance's longest one."""

    instances: int
    times: int
    longest: float
    median: float
    most_in_all: float


def outages(stays: Iterable[dict[str, Any]], frozen: Sequence[Frozen], window: Span) -> list[Span]:
    """When an instance was without service within the window; `stays` as GET /devices/{number}/connections has them."""
    spans = [span for stay in stays for span in _in_service(stay, frozen, window[1])]
    found, reached = [], window[0]
    for start, end in sorted(spans):
        if start > reached:
            found.append((reached, min(start, window[1])))
        reached = max(reached, end)
        if reached >= window[1]:
            break
    if reached < window[1]:
        found.append((reached, window[1]))
    return [(start, end) for start, end in found if end > start]


def absence(outages: Iterable[list[Span]]) -> Absence:
    """The figures of all instances' outages."""
    lengths = [[end - start for start, end in spans] for spans in outages if spans]
    longest = [max(of_one) for of_one in lengths]
    return Absence(
        instances=len(lengths),
        times=sum(map(len, lengths)),
        longest=round(max(longest, default=0.0), 2),
        median=round(median(longest), 2) if longest else 0.0,
        most_in_all=round(max(map(sum, lengths), default=0.0), 2),
    )


def serves(stay: dict[str, Any], frozen: Sequence[Frozen]) -> bool:
    """Whether a connection is in service now."""
    return (
        stay["active"] is not None
        and stay["closed"] is None
        and not any(stay["port"] in one.ports for one in frozen if one.until is None)
    )


def _in_service(stay: dict[str, Any], frozen: Sequence[Frozen], end: float) -> list[Span]:
    if stay["active"] is None:
        return []
    spans = [(stay["active"], end if stay["closed"] is None else stay["closed"])]
    for one in frozen:
        if stay["port"] in one.ports:
            spans = [part for span in spans for part in _without(span, (one.since, one.until or end))]
    return spans


def _without(span: Span, hole: Span) -> list[Span]:
    parts = [(span[0], min(span[1], hole[0])), (max(span[0], hole[1]), span[1])]
    return [(start, end) for start, end in parts if end > start]
