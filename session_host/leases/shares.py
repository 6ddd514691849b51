"""The fair share: every host computes the same division from what it sees."""

from __future__ import annotations

from collections.abc import Mapping


def quotas(holdings: Mapping[str, int], partitions: int) -> dict[str, int]:
    """How many partitions each host should own, given how many it owns now.

    Shares differ by one at most. Hosts that own most keep the odd ones, so that nothing moves without need; ties go
    by name, so that all hosts agree.
    """
    least, odd = divmod(partitions, len(holdings))
    ranked = sorted(holdings, key=lambda host: (-holdings[host], host))
    return {host: least + (rank < odd) for rank, host in enumerate(ranked)}


def turn(host: str, holdings: Mapping[str, int], shares: Mapping[str, int]) -> int:
    """How many free partitions the hosts before this one lack: each starts at its own, so that they rarely collide."""
    return sum(max(0, shares[other] - holdings[other]) for other in holdings if other < host)
