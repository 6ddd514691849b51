"""One counter of the desk: a pairing process with the attempts at it, from its start to its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from itertools import count

from session_host.whatsapp.pairing.lines import Line
from session_host.whatsapp.pairing.process import Process
from session_host.whatsapp.pairing.ticket import After, Ticket, Waits
from session_host.whatsapp.port import Account, OnSignal
from shared.logs import bind
from shared.tracing import within

_log = logging.getLogger(__name__)


class Counter:
    """Takes tickets until it has had `attempts` of them or is worn. Ends when none is left: at once when it takes no
    more, else after `linger` idle seconds. `over` is done when its process has been waited for."""

    def __init__(self, start: Callable[[Callable[[Line], None]], Process], attempts: int, linger: float) -> None:
        self._left = attempts
        self._linger = linger
        self._tickets: dict[int, Ticket] = {}
        self._numbers = count(1)
        self._idle: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None
        self._process = start(self._hear)
        with bind(anew=True), within(None):  # it serves many instances, whosever came first
            self.over = asyncio.get_running_loop().create_task(self._attend())

    @property
    def open(self) -> bool:
        return self._left > 0 and self._ending is None and not self.over.done()

    @property
    def pid(self) -> int | None:
        return self._process.pid

    def take(self, account: Account, on_signal: OnSignal, waits: Waits) -> Ticket:
        """A new attempt at this counter, which must be open."""
        self._left -= 1
        if self._idle:
            self._idle.cancel()
        number = next(self._numbers)

        def send(line: Line) -> None:
            self._process.send({"id": number, **line})

        def on_over(after: After) -> None:
            del self._tickets[number]
            self._after(after)

        ticket = self._tickets[number] = Ticket(account, on_signal, send, on_over, waits)
        ticket.begin()
        return ticket

    async def close(self) -> None:
        """Cancels what is under way and ends the process."""
        self._left = 0
        await asyncio.gather(*(ticket.cancel() for ticket in list(self._tickets.values())))
        self._end()
        await self.over

    def _after(self, after: After) -> None:
        if after is not After.WELL:
            self._left = 0
        if after is After.HANGS:
            self._process.kill()
            self._end()
        elif not self._tickets and self._left == 0:
            self._end()
        elif not self._tickets:
            self._idle = asyncio.get_running_loop().call_later(self._linger, self._end)

    def _end(self) -> None:
        if self._ending is None:
            with bind(anew=True), within(None):
                self._ending = asyncio.get_running_loop().create_task(self._process.finish())

    async def _attend(self) -> None:
        status = await self._process.run()
        self._left = 0
        for ticket in list(self._tickets.values()):
            ticket.fail(f"the pairing process ended with status {status}")
        if self._idle:
            self._idle.cancel()
        if self._ending:
            await self._ending

    def _hear(self, line: Line) -> None:
        if ticket := self._tickets.get(line["id"]):
            ticket.hear(line)
