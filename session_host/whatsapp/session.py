"""port.Session over one client of the library.

    new -> connecting -> open <-> (socket lost, the library reconnects) -> over

`over` comes by `stop`, or by SessionEnded: WhatsApp said no, the library gave up, or it hung (the watchdog). A session
is used once; the next attempt takes a new one, so nothing of the old one can touch it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from session_host.whatsapp import store
from session_host.whatsapp.client import Client
from session_host.whatsapp.errors import error_of
from session_host.whatsapp.events import CONNECTED, SUBSCRIBED, Decoder
from session_host.whatsapp.people import person
from session_host.whatsapp.port import (
    Account,
    Connected,
    Disconnected,
    EndReason,
    MessageReceived,
    NotConnected,
    NumberAnswer,
    OnSignal,
    OutcomeUnknown,
    Person,
    ReceiptReceived,
    Sent,
    SessionEnded,
    Signal,
)
from session_host.whatsapp.requests import Requests
from session_host.whatsapp.runtime import Ended, Event, Heard, Login, Qr, Runtime

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait: for a first connection, for a lost one to come back, for an answer, for a stop."""

    connect: float = 45.0
    reconnect: float = 120.0
    answer: float = 60.0
    stop: float = 10.0


@dataclass(frozen=True, slots=True)
class Setup:
    """What all sessions of a process have in common. `starting_s`: how long a start may hold the gate."""

    journal: store.Journal
    starting_s: float
    patience: Patience


class NeonizeSession:
    """See port.Session. Made by NeonizeWhatsApp."""

    def __init__(
        self,
        runtime: Runtime,
        account: Account,
        on_signal: OnSignal,
        tools: tuple[Decoder, Requests],
        setup: Setup,
    ) -> None:
        self._runtime = runtime
        self._account = account
        self._on_signal = on_signal
        self._decoder, self._requests = tools
        self._setup = setup
        self._client = Client(runtime, self._hear, setup.starting_s)
        self._me = Person("")
        self._connected = False
        self._begun = False
        self._logging_out = False
        self._removed = False
        self._over = asyncio.Event()
        self._one_send = asyncio.Lock()
        self._watchdog: asyncio.TimerHandle | None = None

    async def connect(self) -> None:
        if self._begun:
            raise RuntimeError("a session connects once")
        self._begun = True
        if not store.exists(self._account.store):
            # the library would make a new one and start pairing
            self._runtime.loop.call_soon(self._end, EndReason.DEVICE_REMOVED, "there are no credentials")
            return
        name = store.database_name(self._account.store, self._setup.journal)
        self._watch(self._setup.patience.connect)
        self._client.start(name, SUBSCRIBED, self._account.proxy_url)

    async def send_text(self, to: str, text: str) -> Sent:
        recipient, message = self._requests.text(to, text)
        async with self._one_send:
            answer = await self._ask(self._runtime.library.send_message, recipient, message)
        return self._requests.sent(answer)

    async def set_typing(self, to: str, typing: bool) -> None:
        recipient = self._requests.recipient(to)
        error = await self._ask(self._runtime.library.send_chat_presence, recipient, 0 if typing else 1)
        if error:
            raise error_of(error)

    async def set_online(self, online: bool) -> None:
        error = await self._ask(self._runtime.library.send_presence, "available" if online else "unavailable")
        if error:
            raise error_of(error)

    async def check_numbers(self, numbers: Sequence[str]) -> list[NumberAnswer]:
        if not numbers:
            return []
        answer = await self._ask(self._runtime.library.is_on_whatsapp, " ".join(f"+{number}" for number in numbers))
        return self._requests.number_answers(numbers, answer)

    async def logout(self) -> None:
        self._logging_out = True
        try:
            error = await self._ask(self._runtime.library.logout)
        finally:
            self._logging_out = False
        if error and not self._removed:
            raise error_of(error)
        await self.stop()
        store.erase(self._account.store)

    async def stop(self) -> None:
        self._close()
        halting = self._client.halt()
        await asyncio.wait({halting}, timeout=self._setup.patience.stop)
        if not halting.done():
            _log.warning("%s: the library does not let go yet", self._account.key)

    async def _ask(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """A call whose answer may never come: because of a stop, or of a deadline that the library has not."""
        if not self._connected:
            raise NotConnected("not_connected", "the session is not connected")
        call = asyncio.ensure_future(self._client.call(function, *arguments))
        over = asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait({call, over}, timeout=self._setup.patience.answer, return_when=asyncio.FIRST_COMPLETED)
            if call.done():
                return call.result()
            raise OutcomeUnknown("stopped" if over.done() else "timeout", "WhatsApp's answer did not come")
        finally:
            over.cancel()
            call.add_done_callback(_ignore_late_answer)

    def _hear(self, heard: Heard) -> None:
        if self._over.is_set():
            self._hear_last(heard)
            return
        match heard:
            case Event(kind=0, data=data):
                device = self._decoder.device.FromString(data)
                self._me = person(device.JID, device.LID, device.PushName)
            case Event(kind=kind) if kind == CONNECTED:
                self._connected = True
                self._watch(None)
                self._on_signal(Connected(self._me))
            case Event(kind=kind, data=data):
                self._tell(self._decoder.signal(kind, data))
            case Qr():
                self._end(EndReason.DEVICE_REMOVED, "the credentials hold no device")
            case Ended(error=error):
                self._library_ended(error)
            case Login(status=status):
                _log.warning("%s: pairing event %s of a paired device", self._account.key, status)

    def _hear_last(self, heard: Heard) -> None:
        """What WhatsApp takes for delivered must be told, even while the session is being closed."""
        match heard:
            case Event(kind=kind, data=data) if kind not in (0, CONNECTED):
                signal = self._decoder.signal(kind, data)
                if isinstance(signal, MessageReceived | ReceiptReceived):
                    self._on_signal(signal)

    def _tell(self, signal: Signal | None) -> None:
        match signal:
            case None:
                return
            case SessionEnded(reason=EndReason.DEVICE_REMOVED) if self._logging_out:
                self._removed = True  # WhatsApp may say so before it answers, and the answer may get lost then
            case SessionEnded(reason=reason, detail=detail, until=until):
                self._end(reason, detail, until)
            case Disconnected() as lost:
                self._connected = False
                self._watch(self._setup.patience.reconnect)
                self._on_signal(lost)
            case other:
                self._on_signal(other)

    def _library_ended(self, error: str) -> None:
        if self._me.jid:
            self._end(EndReason.LIBRARY_STOPPED, "the library ended the session")
        elif self._account.proxy_url:
            self._end(EndReason.PROXY_UNREACHABLE, _cause(error))
        else:
            self._end(EndReason.CONNECT_FAILURE, _cause(error))

    def _hangs(self) -> None:
        reason = EndReason.PROXY_UNREACHABLE if self._account.proxy_url else EndReason.CONNECT_TIMEOUT
        self._end(reason, "no connection in time")

    def _end(self, reason: EndReason, detail: str, until: float | None = None) -> None:
        if self._over.is_set():
            return
        self._close()
        self._client.halt()
        self._on_signal(SessionEnded(reason, detail, until))

    def _close(self) -> None:
        self._connected = False
        self._over.set()
        self._watch(None)

    def _watch(self, seconds: float | None) -> None:
        if self._watchdog:
            self._watchdog.cancel()
        self._watchdog = self._runtime.loop.call_later(seconds, self._hangs) if seconds else None


def _cause(error: str) -> str:
    """The last part of a Go error chain: the cause, without addresses of servers."""
    return error.rsplit(": ", 1)[-1][:200]


def _ignore_late_answer(call: asyncio.Future[Any]) -> None:
    """An answer that nobody waits for any more is only looked at, so that its error is not reported as forgotten."""
    if not call.cancelled():
        call.exception()
