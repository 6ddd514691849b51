"""A pool of slots that is shared fairly. Pure.

The first slot is granted whenever one is free. A further one is granted only while enough stay free for others: a
tenant may hold one and a half times what it leaves free, an endpoint as many as it leaves free. So alone a tenant takes
three fifths, two tenants take three eighths each, and an endpoint takes a half. Nobody need know who the others are,
and a newcomer finds a slot.
"""

from __future__ import annotations

from functions.webhook_sender.pace import Key

TENANT = 1.5  # so many times as many as it leaves free
ENDPOINT = 1.0


class Pool:
    """`size` slots, of which some are `taken`; more than there are, when `size` has been made smaller."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.taken = 0
        self._held: dict[str | Key, int] = {}

    @property
    def free(self) -> bool:
        """Whether there is a free slot."""
        return self.taken < self.size

    def fair(self, key: Key) -> bool:
        """Whether one more is within the share of this endpoint and its tenant."""
        return self._leaves(key[0], TENANT) and self._leaves(key, ENDPOINT)

    def _leaves(self, who: str | Key, times: float) -> bool:
        held = self._held.get(who, 0)
        return not held or held + 1 <= times * (self.size - self.taken - 1)

    def take(self, key: Key) -> None:
        """Takes a slot for an endpoint."""
        self.taken += 1
        for who in (key[0], key):
            self._held[who] = self._held.get(who, 0) + 1

    def leave(self, key: Key) -> None:
        """Gives a slot back."""
        self.taken -= 1
        for who in (key[0], key):
            self._held[who] -= 1
            if not self._held[who]:
                del self._held[who]
