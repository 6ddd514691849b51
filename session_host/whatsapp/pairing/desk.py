"""port.PairingDesk over disposable processes. Runs in the host and loads nothing of the library.

A process takes attempts until it has had its number of them or one went wrong, serves what it has, and ends; an idle
one ends after a while. One that dies or hangs takes its attempts with it: they end as failed.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from session_host.whatsapp.environment import WhatsAppSettings, environment
from session_host.whatsapp.pairing.counter import Counter
from session_host.whatsapp.pairing.process import COMMAND, Process
from session_host.whatsapp.pairing.ticket import Ticket, Waits
from session_host.whatsapp.port import Account, OnSignal


@dataclass(frozen=True, slots=True)
class DeskLimits:
    """`attempts`: how many a process gets. `linger`: seconds that an idle process stays for the next attempt."""

    attempts: int = 25
    linger: float = 10.0
    waits: Waits = field(default_factory=Waits)


class ProcessDesk:
    """See port.PairingDesk. `command` starts a pairing process."""

    def __init__(
        self, settings: WhatsAppSettings, limits: DeskLimits | None = None, command: Sequence[str] = COMMAND
    ) -> None:
        self._environment = environment(settings, os.environ)
        self._limits = limits or DeskLimits()
        self._command = command
        self._counters: list[Counter] = []
        self._closed = False

    @property
    def pids(self) -> list[int]:
        """The processes that are there now."""
        return [counter.pid for counter in self._counters if counter.pid and not counter.over.done()]

    async def begin(self, account: Account, on_signal: OnSignal) -> Ticket:
        if self._closed:
            raise RuntimeError("the desk is closed")
        counter = next((each for each in self._counters if each.open), None) or self._open_counter()
        return counter.take(account, on_signal, self._limits.waits)

    async def close(self) -> None:
        self._closed = True
        await asyncio.gather(*(counter.close() for counter in self._counters))

    def _open_counter(self) -> Counter:
        self._counters = [each for each in self._counters if not each.over.done()]
        counter = Counter(
            lambda on_line: Process(self._environment, on_line, self._command),
            self._limits.attempts,
            self._limits.linger,
        )
        self._counters.append(counter)
        return counter
