"""The names of counts, as they are stored. Counts are numbers by name, which are added up and subtracted."""

from __future__ import annotations

from collections.abc import Mapping

Counts = Mapping[str, int]

CLASSES = ("2xx", "3xx", "4xx", "5xx")
ATTEMPTS_DELIVERED = "attempts_delivered"
ATTEMPTS_FAILED = "attempts_failed"
CLIENTS_OUTDATED = "clients_outdated"
DELIVERIES_DEAD = "deliveries_dead"


def calls_name(status_class: str) -> str:
    """The count of calls that were answered with a status of this class, one of CLASSES."""
    return f"calls_{status_class}"


def class_of(status: int) -> str:
    """The class of a status, one of CLASSES."""
    return f"{min(max(status // 100, 2), 5)}xx"


def less(later: Counts, earlier: Counts) -> dict[str, int]:
    """What came to `earlier` until it was `later`."""
    return {name: count - earlier.get(name, 0) for name, count in later.items()}
