"""WhatsApp with every call of the library noted on the board, so that a crash can be told from whom it came.

A session is noted from the moment it connects until it has been connected for a while (or has ended): most of what can
go wrong with a device's stored state goes wrong then. Calls are noted while they last.

Cautious, after crashes, sessions connect one after the other, so that only one is noted at a time (one that hangs is
taken off); and the sessions that the supervisor sets aside end at once instead of connecting. Asked for again (by a
RESTART), those do connect. Caution ends when all have had their turn after the start, or after a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from session_host.board import Board
from session_host.orders import Assignment
from session_host.whatsapp.port import (
    Account,
    Connected,
    EndReason,
    NumberAnswer,
    OnSignal,
    Sent,
    Session,
    SessionEnded,
    Signal,
    Wear,
    WhatsApp,
)
from shared.logs import bind
from shared.tracing import within

SETTLES_S = 1.0
CAUTIOUS_S = 300.0  # at most
OUTCOME_S = 10.0  # how long the next one waits for a connection that does not come about


class WatchedWhatsApp:
    """port.WhatsApp around another one. `crashed` is told of an error for which nobody waits."""

    def __init__(
        self, inner: WhatsApp, board: Board, assignment: Assignment, crashed: Callable[[BaseException], None]
    ) -> None:
        self._inner = inner
        self.board = board
        self.queue = _Queue(assignment.first, crashed) if assignment.cautious else None
        self.aside = set(assignment.aside)

    def session(self, account: Account, on_signal: OnSignal) -> Session:
        return _WatchedSession(self, self._inner, account, on_signal)

    def started(self) -> None:
        """All sessions of the start have been asked to connect."""
        if self.queue:
            self.queue.complete = True

    def wear(self) -> Wear:
        return self._inner.wear()

    async def close(self) -> None:
        if self.queue:
            self.queue.close()
        await self._inner.close()


class _WatchedSession:
    def __init__(self, whatsapp: WatchedWhatsApp, inner: WhatsApp, account: Account, on_signal: OnSignal) -> None:
        self._whatsapp = whatsapp
        self._key = account.key
        self._on_signal = on_signal
        self._session = inner.session(account, self._hear)
        self._slot: int | None = None
        self._connecting = False
        self._stopped = False
        self._settling: asyncio.TimerHandle | None = None
        self._outcome = asyncio.Event()

    async def connect(self) -> None:
        whatsapp = self._whatsapp
        if self._key in whatsapp.aside:
            whatsapp.aside.remove(self._key)
            ended = SessionEnded(EndReason.CRASHES_SESSION_HOST)
            asyncio.get_running_loop().call_soon(self._on_signal, ended)
        elif whatsapp.queue and not whatsapp.queue.is_over():
            whatsapp.queue.add(self._key, self)
        else:
            await self.begin()

    async def begin(self) -> None:
        """Connects now."""
        if self._stopped:
            return
        self._connecting = True
        self._slot = self._whatsapp.board.begin(self._key)
        await self._session.connect()

    async def settled(self) -> None:
        """Returns when the next one may connect."""
        if not self._connecting:
            return
        try:
            await asyncio.wait_for(self._outcome.wait(), OUTCOME_S)
            await asyncio.sleep(SETTLES_S)
        except TimeoutError:  # it only hangs: left on the board it would share the blame for what the next ones do
            self._off_the_board()

    async def send_text(self, to: str, text: str) -> Sent:
        with self._whatsapp.board.noted(self._key):
            return await self._session.send_text(to, text)

    async def set_typing(self, to: str, typing: bool) -> None:
        with self._whatsapp.board.noted(self._key):
            await self._session.set_typing(to, typing)

    async def set_online(self, online: bool) -> None:
        with self._whatsapp.board.noted(self._key):
            await self._session.set_online(online)

    async def check_numbers(self, numbers: Sequence[str]) -> list[NumberAnswer]:
        with self._whatsapp.board.noted(self._key):
            return await self._session.check_numbers(numbers)

    async def logout(self) -> None:
        with self._whatsapp.board.noted(self._key):
            await self._session.logout()

    async def stop(self) -> None:
        self._stopped = True
        with self._whatsapp.board.noted(self._key):
            await self._session.stop()
        self._off_the_board()

    def _hear(self, signal: Signal) -> None:
        match signal:
            case Connected():
                if self._connecting and self._slot is None and not self._settling:
                    self._slot = self._whatsapp.board.begin(self._key)  # it hung until now
                loop = asyncio.get_running_loop()
                self._settling = self._settling or loop.call_later(SETTLES_S, self._off_the_board)
                self._outcome.set()
            case SessionEnded():
                self._off_the_board()
        self._on_signal(signal)

    def _off_the_board(self) -> None:
        if self._settling:
            self._settling.cancel()
        self._outcome.set()
        self._whatsapp.board.end(self._slot)
        self._slot = None


class _Queue:
    """Sessions that wait to connect; those of `first` go before all others, in that order.

    `complete`: once it has run empty it is over.
    """

    def __init__(self, first: Sequence[str], crashed: Callable[[BaseException], None]) -> None:
        self._crashed = crashed
        self._rank = {key: rank for rank, key in enumerate(first)}
        self._waiting: asyncio.PriorityQueue[tuple[int, int, _WatchedSession]] = asyncio.PriorityQueue()
        self.complete = False
        self._ends = asyncio.get_running_loop().time() + CAUTIOUS_S
        self._count = 0
        self._running: asyncio.Task[None] | None = None

    def add(self, key: str, session: _WatchedSession) -> None:
        """Connects it when it is its turn."""
        self._count += 1
        self._waiting.put_nowait((self._rank.get(key, len(self._rank)), self._count, session))
        if self._running is None or self._running.done():
            with bind(anew=True), within(None):  # it connects all of them, whosever came first
                self._running = asyncio.create_task(self._run())
                self._running.add_done_callback(self._done)

    def is_over(self) -> bool:
        """Whether sessions need not wait for their turn any more."""
        idle = self._running is None or self._running.done()
        return (self.complete and idle) or asyncio.get_running_loop().time() >= self._ends

    def close(self) -> None:
        """Nothing connects any more."""
        if self._running:
            self._running.cancel()

    def _done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self._crashed(error)

    async def _run(self) -> None:
        while not self._waiting.empty():
            _, _, session = self._waiting.get_nowait()
            await session.begin()
            await session.settled()
