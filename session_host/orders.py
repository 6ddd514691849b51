"""What a supervisor tells its worker processes, as JSON lines on a pipe. It never waits for them to be read.

    {"work": {"partition": 0, "counter": 7, "epoch": 5}, "until": 81.5, "cautious": false, "first": [], "aside": []}
    {"until": 86.5}

The first comes once: until then a process only stands by. `until` is the moment, on the machine's monotonic clock, at
which the worker must be dead unless a later one has come. The lists hold instance keys, see host/suspects.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from shared.models.host import Lease


class BadOrder(ValueError):
    """A line that no supervisor writes."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Work on a partition. `cautious`: sessions connect one after the other, those in `first` before all others.

    Sessions in `aside` are not connected but recorded as failed.
    """

    lease: Lease
    until: float
    cautious: bool = False
    first: tuple[str, ...] = ()
    aside: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Extension:
    """The lease was renewed: the worker may live until then."""

    until: float


Order = Assignment | Extension


def encode(order: Order) -> bytes:
    """The line of an order."""
    said: dict[str, Any] = {"until": order.until}
    if isinstance(order, Assignment):
        lease = order.lease
        said["work"] = {"partition": lease.partition, "counter": lease.counter, "epoch": lease.epoch}
        said |= {"cautious": order.cautious, "first": order.first, "aside": sorted(order.aside)}
    return json.dumps(said).encode() + b"\n"


def decode(line: bytes, host_id: str) -> Order:
    """The order of a line that the host `host_id` wrote. Raises BadOrder."""
    try:
        said = json.loads(line)
        until = float(said["until"])
        if "work" not in said:
            return Extension(until)
        lease = Lease(owner=host_id, **said["work"])
        return Assignment(lease, until, bool(said["cautious"]), tuple(said["first"]), frozenset(said["aside"]))
    except (ValueError, KeyError, TypeError) as error:
        raise BadOrder(f"not an order: {error}") from error
