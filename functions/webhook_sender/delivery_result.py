"""What became of a due task: its delivery as it is recorded now, or Requeued (nothing was recorded)."""

from __future__ import annotations

from dataclasses import dataclass

from shared.models.webhook import Delivery


@dataclass(frozen=True, slots=True)
class Requeued:
    """A task for it is on a queue, and comes in about `for_s` seconds; no attempt was made."""

    for_s: float = 0.0


DeliveryResult = Delivery | Requeued
