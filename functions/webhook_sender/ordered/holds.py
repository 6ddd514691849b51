"""The chains that this process is at. Who comes for one of them needs no call to the store to be heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from functions.webhook_sender.lane import Lane
from shared.models.chain import Chain

Key = tuple[str, str, str]
"""Tenant, endpoint and instance."""


@dataclass(slots=True)
class Hold:
    """A chain that was taken. `chain` is as stored, `cursor` how far it has come since.

    `begin_by` (monotonic): nothing is begun later. `settled`: all that was put on the queue before is. `certain`: what
    follows the cursor has no record. `awaited` (unix seconds): there is a task that comes then. `wanted`: up to where
    those asked that came meanwhile, `wanted_slow` on the slow lane."""

    chain: Chain
    cursor: int
    begin_by: float
    settled: bool
    certain: bool
    awaited: float = 0.0
    wanted: int = 0
    wanted_slow: bool = False

    @property
    def key(self) -> Key:
        """Which chain it is."""
        return self.chain.tenant, self.chain.webhook_id, self.chain.instance


@dataclass(slots=True)
class _Door:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Holds:
    """All of a process."""

    def __init__(self) -> None:
        self._held: dict[Key, Hold] = {}
        self._doors: dict[Key, _Door] = {}

    def absorbs(self, key: Key, sequence: int, lane: Lane, asked_since: float) -> bool:
        """Whether who is at the chain will come to this event before it lets go, and knows no later change of what the
        endpoint asks for."""
        hold = self._held.get(key)
        if hold is None or sequence <= hold.cursor or hold.chain.asked_since > asked_since:
            return False
        hold.wanted = max(hold.wanted, sequence)
        hold.wanted_slow = hold.wanted_slow or lane is Lane.SLOW
        return True

    @asynccontextmanager
    async def alone(self, key: Key) -> AsyncIterator[None]:
        """One at a time tries to take a chain."""
        door = self._doors.setdefault(key, _Door())
        door.users += 1
        try:
            async with door.lock:
                yield
        finally:
            door.users -= 1
            if not door.users:
                self._doors.pop(key, None)

    @contextmanager
    def listening(self, hold: Hold) -> Iterator[None]:
        """While it lasts the hold hears who comes."""
        self._held[hold.key] = hold
        try:
            yield
        finally:
            self._held.pop(hold.key, None)
