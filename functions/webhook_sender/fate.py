"""What became of a task that was due: its delivery as recorded now, or it waits on a lane and nothing is recorded."""

from __future__ import annotations

from dataclasses import dataclass

from shared.models.webhook import Delivery


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A task for it is on a queue, and comes in about `for_s` seconds; no attempt was made."""

    for_s: float = 0.0


Fate = Delivery | Elsewhere
