"""port.Session over one client of the library.

    new -> waiting (an earlier client has the store) -> connecting -> open <-> (socket lost, the library reconnects)
    any of them -> over

`over` comes by `stop`, or by SessionEnded: WhatsApp said no, the library gave up, it hung or its socket is dead (the
watchdogs), or the store cannot be written. A session is used once; the next attempt takes a new one, so nothing of the
old one can touch it.

What ends a session that looks alive: the library asks for a sign of life every 20 to 30 s and tells when none came in
10 s. It would go on for three minutes; here the first one is enough. So is a send that is not acknowledged: the library
would hold the next ones back behind it and send them when nobody waits any more.

Without room for its store a session ends, too: the library acknowledges what it could not store. It asks the sender
once more, but a second time it cannot without its store, and then the message is lost. Those for a device that is not
connected are kept by WhatsApp.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from google.protobuf.message import DecodeError

from session_host.whatsapp import store
from session_host.whatsapp.asking import Asking
from session_host.whatsapp.client import Client
from session_host.whatsapp.conversation import Conversation
from session_host.whatsapp.errors import error_of, store_trouble
from session_host.whatsapp.events import CONNECTED, CONVERSATION, DEVICE, KEEPALIVE_TIMEOUT, SUBSCRIBED, Decoder
from session_host.whatsapp.people import USERS, person
from session_host.whatsapp.port import (
    Account,
    Connected,
    Disconnected,
    EndReason,
    NumberAnswer,
    OnSignal,
    OutcomeUnknown,
    Person,
    Sent,
    SessionEnded,
    Signal,
    StoreUnwritable,
)
from session_host.whatsapp.requests import Jid, Requests
from session_host.whatsapp.runtime import Begun, Ended, Event, Heard, Login, Qr, Runtime, StoreTrouble
from session_host.whatsapp.setup import Setup
from shared.logs import bind
from shared.models.instance import InstanceKey
from shared.tracing import within

LAST_ANSWER_S = 2.0  # a send that meets a full disk fails soon, and then it is known that it was not sent

_log = logging.getLogger(__name__)


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
        self._key = InstanceKey.parse(account.key)
        self._on_signal = on_signal
        self._decoder, self._requests = tools
        self._setup = setup
        self._client = Client(runtime, self._hear, setup.starting_s)
        self._client.inbox = setup.occupancy.inbox(account.store)
        self._conversation = Conversation(account.key, self._decoder, on_signal, self._client.inbox)
        self._me = Person("")
        self._asking = Asking(self._client, setup.patience.answer)
        self._over = self._asking.over
        self._beginning: asyncio.Task[None] | None = None
        self._checking: asyncio.Task[None] | None = None
        self._logging_out = False
        self._removed = False
        self._one_send = asyncio.Lock()
        self._watchdog: asyncio.TimerHandle | None = None

    async def connect(self) -> None:
        if self._beginning:
            raise RuntimeError("a session connects once")
        with bind(tenant=self._key.tenant, instance=self._key.id, anew=True), within(None):
            self._beginning = self._runtime.loop.create_task(self._begin())  # it outlives what asked for it
            self._beginning.add_done_callback(self._begun)

    async def send_text(self, to: str, text: str) -> Sent:
        recipient, message = self._requests.text(to, text)
        async with self._one_send:
            try:
                return self._requests.sent(
                    await self._asking.ask(self._runtime.library.send_message, recipient, message)
                )
            except OutcomeUnknown as error:
                if error.code == "timeout":
                    self._end(EndReason.CONNECTION_DEAD, "WhatsApp does not acknowledge what is sent")
                raise
            except StoreUnwritable as error:
                self._full(error.detail)
                raise

    async def set_typing(self, to: str, typing: bool) -> None:
        recipient = self._requests.recipient(to)
        error = await self._asking.ask(self._runtime.library.send_chat_presence, recipient, 0 if typing else 1)
        if error:
            raise error_of(error)

    async def set_online(self, online: bool) -> None:
        error = await self._asking.ask(self._runtime.library.send_presence, "available" if online else "unavailable")
        if error:
            raise error_of(error)

    async def check_numbers(self, numbers: Sequence[str]) -> list[NumberAnswer]:
        if not numbers:
            return []
        library = self._runtime.library
        asked = " ".join(f"+{number}" for number in numbers)
        found = self._requests.found(await self._asking.ask(library.is_on_whatsapp, asked))
        jids = {number: jid for number, jid in found.items() if jid is not None}
        phones = {jid: jid[0] if jid[1] == USERS else await self._phone_of(jid) for jid in dict.fromkeys(jids.values())}
        return [
            NumberAnswer(number, number in jids, _jid(phones[jids[number]] or number) if number in jids else None)
            for number in numbers
            if number in found
        ]

    async def _phone_of(self, lid: Jid) -> str | None:
        """WhatsApp may know a number by other digits than it was asked for; it says so beside the LID."""
        return self._requests.phone(await self._asking.ask(self._runtime.library.phone_of, self._requests.lid(lid)))

    async def logout(self) -> None:
        self._logging_out = True
        try:
            error = await self._asking.ask(self._runtime.library.logout)
        finally:
            self._logging_out = False
        if error and not self._removed:
            raise error_of(error)
        await self.stop()
        store.erase(self._account.store)

    async def stop(self) -> None:
        self._close()
        if self._beginning:
            await asyncio.wait({self._beginning}, timeout=self._setup.patience.stop)
        halting = self._client.halt()
        await asyncio.wait({halting}, timeout=self._setup.patience.stop)
        if not halting.done():
            _log.warning("%s: the library does not let go yet", self._account.key)

    async def _begin(self) -> None:
        path, patience = self._account.store, self._setup.patience
        entering = asyncio.ensure_future(self._setup.occupancy.enter(path, self._client, patience.earlier))
        over = asyncio.ensure_future(self._over.wait())
        await asyncio.wait({entering, over}, return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        if self._over.is_set():
            entering.cancel()
        elif not entering.result():
            self._end(EndReason.EARLIER_SESSION, "the library has not let go of the one before")
        elif not store.exists(path):
            # the library would make a new one and start pairing
            self._end(EndReason.DEVICE_REMOVED, "there are no credentials")
        elif not await self._setup.occupancy.has_room(path):
            self._full("there is still no room")
        else:
            await self._setup.chain_guard.install(path, self._setup.journal)
            await self._conversation.tell_left()
            if not self._over.is_set():
                self._start(store.database_name(path, self._setup.journal))

    def _begun(self, beginning: asyncio.Task[None]) -> None:
        """What could not begin ends: nobody would hear of it else."""
        if beginning.cancelled() or not (error := beginning.exception()):
            return
        _log.error("%s: the session could not begin", self._account.key, exc_info=error)
        reason = EndReason.STORE_UNWRITABLE if isinstance(error, OSError) else EndReason.LIBRARY_STOPPED
        self._end(reason, "the session could not begin")

    def _start(self, database: str) -> None:
        try:
            self._client.start(database, SUBSCRIBED, self._account.proxy_url)
        except RuntimeError as error:  # no more threads
            self._end(EndReason.LIBRARY_STOPPED, str(error))

    def _hear(self, heard: Heard) -> None:
        with bind(tenant=self._key.tenant, instance=self._key.id, anew=True):  # it comes from the library's threads
            self._take(heard)

    def _take(self, heard: Heard) -> None:
        if isinstance(heard, Event):
            self._read(heard)
        elif not self._over.is_set():
            self._hear_state(heard)

    def _read(self, event: Event) -> None:
        if event.kind in CONVERSATION:  # also while the session is being closed: WhatsApp takes it for told
            self._conversation.tell(event.kind, event.data, event.number)
        elif not self._over.is_set():
            try:
                self._hear_event(event.kind, event.data)
            except DecodeError:
                # it may have been the one that says that the socket is gone
                _log.exception("%s: an event of kind %d cannot be read", self._account.key, event.kind)
                self._end(EndReason.LIBRARY_STOPPED, "the library told something unreadable")

    def _hear_state(self, heard: Heard) -> None:
        match heard:
            case Begun():
                self._watch(self._setup.patience.connect)
            case StoreTrouble(detail=detail):
                self._suspect(detail)
            case Qr():
                self._end(EndReason.DEVICE_REMOVED, "the credentials hold no device")
            case Ended(error=error):
                self._library_ended(error)
            case Login(status=status):
                _log.warning("%s: pairing event %s of a paired device", self._account.key, status)

    def _hear_event(self, kind: int, data: bytes) -> None:
        if kind == DEVICE:
            device = self._decoder.device.FromString(data)
            self._me = person(device.JID, device.LID, device.PushName)
        elif kind == CONNECTED:
            self._asking.open = True
            self._watch(None)
            self._on_signal(Connected(self._me))
        elif kind == KEEPALIVE_TIMEOUT:
            self._end(EndReason.CONNECTION_DEAD, "WhatsApp gave no sign of life")
        else:
            self._tell(self._decoder.signal(kind, data))

    def _tell(self, signal: Signal | None) -> None:
        match signal:
            case None:
                return
            case SessionEnded(reason=EndReason.DEVICE_REMOVED) if self._logging_out:
                self._removed = True  # WhatsApp may say so before it answers, and the answer may get lost then
            case SessionEnded(reason=reason, detail=detail, until=until):
                self._end(reason, detail, until)
            case Disconnected() as lost:
                self._asking.open = False
                self._watch(self._setup.patience.reconnect)
                self._on_signal(lost)
            case other:
                self._on_signal(other)

    def _library_ended(self, error: str) -> None:
        if trouble := store_trouble(error):
            self._full(trouble)
        elif self._me.jid:
            self._end(EndReason.LIBRARY_STOPPED, "the library ended the session")
        elif self._account.proxy_url:
            self._end(EndReason.PROXY_UNREACHABLE, _cause(error))
        else:
            self._end(EndReason.CONNECT_FAILURE, _cause(error))

    def _suspect(self, trouble: str) -> None:
        """Some store of this process could not be written: looks whether it is this one's."""
        if self._checking is None or self._checking.done():
            self._checking = self._runtime.loop.create_task(self._check(trouble))

    async def _check(self, trouble: str) -> None:
        if not await asyncio.to_thread(store.has_room, self._account.store):
            self._full(trouble)

    def _full(self, detail: str) -> None:
        self._setup.occupancy.filled(self._account.store)
        self._asking.grace_s = LAST_ANSWER_S
        self._end(EndReason.STORE_UNWRITABLE, detail)

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
        self._asking.open = False
        self._over.set()
        self._watch(None)

    def _watch(self, seconds: float | None) -> None:
        if self._watchdog:
            self._watchdog.cancel()
        self._watchdog = self._runtime.loop.call_later(seconds, self._hangs) if seconds else None


def _jid(phone: str) -> str:
    return f"{phone}@{USERS}"


def _cause(error: str) -> str:
    """The last part of a Go error chain: the cause, without addresses of servers."""
    return error.rsplit(": ", 1)[-1][:200]
