"""The two ways to the sender: `deliveries`, and `deliveries-slow` for endpoints that take their time.

Each has an event source of its own, so what hangs on the one holds up nothing on the other. An endpoint has no lane: a
task on the fast lane is moved when its endpoint is slow as it comes by, and any task may be attempted on the slow one.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from shared.queues.names import DELIVERIES_SLOW


class Lane(Enum):
    """Which queue brought a task."""

    FAST = auto()
    SLOW = auto()


def lane_of(record: Mapping[str, Any]) -> Lane:
    """The lane of an SQS record, by the name of its queue."""
    return Lane.SLOW if str(record.get("eventSourceARN", "")).endswith(f"-{DELIVERIES_SLOW.name}") else Lane.FAST
