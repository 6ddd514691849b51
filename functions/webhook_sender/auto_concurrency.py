"""How many attempts at once where it goes by the number of instances: min(25, ceil(instances / 4)), at least three.

Of three slots the slow lane has one, and no tenant holds on to all (pool.py).

The hosts' heartbeats tell how many sessions they hold; they are read once a minute, by the first batch after it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from functions.webhook_sender.settings import MOST
from functions.webhook_sender.slots import Slots
from shared.clock import Clock
from shared.models.host import HostReport
from shared.store.database import StoreError

log = logging.getLogger(__name__)

PER_SLOT = 4
LEAST = 3
EVERY_S = 60.0


class LivingHosts(Protocol):
    """Where heartbeats are read."""

    async def alive(self) -> Sequence[HostReport]:
        """The hosts heard of within the last minute. Raises StoreError."""


class AutoConcurrency:
    """Keeps the bound of a process's slots."""

    def __init__(self, slots: Slots, hosts: LivingHosts, clock: Clock) -> None:
        self._slots = slots
        self._hosts = hosts
        self._clock = clock
        self._next_at: float | None = None

    async def refresh(self) -> None:
        """Sets the bound anew when it is a minute old; where the hosts cannot be read it stays as it is."""
        now = self._clock.monotonic()
        if self._next_at is not None and now < self._next_at:
            return
        self._next_at = now + EVERY_S
        try:
            hosts = await self._hosts.alive()
        except StoreError as error:
            log.warning("the number of instances could not be read: %s", type(error).__name__)
            return
        self._slots.bound = limit_for(sum(sum(worker.states.values()) for host in hosts for worker in host.workers))


def limit_for(instances: int) -> int:
    """The rule."""
    return max(LEAST, min(MOST, -(-instances // PER_SLOT)))
