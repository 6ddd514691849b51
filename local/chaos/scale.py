"""How big the stack is and how much traffic it bears during a drill."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Rates are messages a second over all instances; traffic runs `before_s` ahead of the blow and `after_s` past it.

    `settle_s`: how long the drill waits at most for what is still under way when the traffic has ended.
    """

    hosts: int = 2
    partitions: int = 4
    lease_s: int = 15
    instances: int = 12
    out_rate: float = 8.0
    in_rate: float = 4.0
    before_s: float = 4.0
    after_s: float = 4.0
    settle_s: float = 100.0


FULL = Scale()
SHORT = Scale(partitions=2, lease_s=6, instances=4, out_rate=4.0, in_rate=2.0, before_s=2.0, after_s=2.0, settle_s=60.0)
HUNDREDS = Scale(partitions=8, instances=200, out_rate=6.0, in_rate=3.0)
"""The cloud's eight partitions; each host has a hundred instances on four of them."""
FULL_PARTITION = Scale(partitions=1, instances=100, out_rate=6.0, in_rate=3.0)
"""One host holds the only partition, with as many instances as a partition takes; the other host waits."""
