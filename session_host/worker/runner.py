"""One instance in its worker: its connection, its messages out and in, its commands.

Three tasks of its own, so that nothing waits for what it need not wait for: signals from WhatsApp, sends in their order
(they wait while the instance reconnects), and control commands (which may be what ends that waiting).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace

from session_host.until import until
from session_host.whatsapp.port import (
    MessageReceived,
    NotConnected,
    NumberAnswer,
    Paired,
    PairingEnded,
    QrShown,
    ReceiptReceived,
    Session,
)
from session_host.worker.codes import Codes
from session_host.worker.connection import Connection, Heard
from session_host.worker.context import WorkerContext
from session_host.worker.door import Door
from session_host.worker.faults import Fault, contained
from session_host.worker.hearing import next_groups
from session_host.worker.incoming import Incoming
from session_host.worker.ledger import Outdated
from session_host.worker.lifecycle import Change, LifecycleSignal, change_for
from session_host.worker.online import show_online
from session_host.worker.outgoing import Outgoing
from session_host.worker.pacing import Pace
from session_host.worker.reconnecting import Reconnecting
from session_host.worker.recorder import qr_entry, state_entry
from session_host.worker.sends import Sends
from shared.egress import EgressRefused
from shared.models.instance import Instance, InstanceState, Reason
from shared.reasons import reason
from shared.vault import SealBroken

logger = logging.getLogger(__name__)

LAST_SEND_S = 15.0  # how long whoever ends the session waits for the send under way


class Runner:
    """Looks after one instance until it is stopped."""

    def __init__(self, instance: Instance, context: WorkerContext) -> None:
        self.instance = instance
        self._context = context
        self._signals: asyncio.Queue[Heard] = asyncio.Queue()
        self._connected = asyncio.Event()
        self._reconnecting = Reconnecting(
            context.uniform, lambda: context.spawn(self._apart("reconnecting", self._reconnect()))
        )
        self.turn = asyncio.Lock()  # held by the command being carried out: they keep their order
        self.checks = asyncio.Lock()  # the same for commands that only ask, which hold up none but each other
        self.control = asyncio.Lock()  # held by whoever changes the connection
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()
        key = instance.key
        store = context.session_dir / key.tenant / f"{key.id}.db"
        self.connection = Connection(
            context.whatsapp, context.desk, str(key), store, self._proxy_url, self._signals.put_nowait
        )
        self.codes = Codes(context.cache, key, context.clock, context.spawn)
        self.incoming = Incoming(instance.key, context.ledger, context.messages, context.clock)
        pace = Pace(context.clock, lambda: self.instance.settings.pacing, self._session, context.uniform, self._sleep)
        self._door = Door()
        outgoing = Outgoing(
            *(instance.key, context.ledger, context.messages, self.incoming, context.clock),
            *(self._session, pace, self._door, context.tracer),
        )
        self.sends = Sends(lambda: self.instance, outgoing, context, self._stopping)

    async def start(self) -> None:
        """Takes the instance up where it was left: a linked one connects, an interrupted pairing begins anew."""
        self._tasks["signals"] = self._context.spawn(self._run_signals())
        self._tasks["sends"] = self._context.spawn(self.sends.run())
        await self._apart("taking it up", self._take_up())

    async def _take_up(self) -> None:
        async with self.control:
            if self.instance.linked and self._comes_back():
                await self.connect()
            elif self.instance.state is InstanceState.PAIRING:
                await self.pair()

    async def _apart(self, what: str, work: Awaitable[None]) -> None:
        """Work on the connection that nobody waits for; when it fails unexpectedly, the instance comes back later."""
        fault = await contained(f"{self.instance.key}: {what}", work)
        if isinstance(fault, Fault):
            await contained(f"{self.instance.key}: falling back", self._fall_back())

    async def _fall_back(self) -> None:
        if self.instance.state is not InstanceState.DISCONNECTED:
            await self.change(Change(InstanceState.DISCONNECTED, reason("internal_error")))
        if self.instance.linked and not self._stopping.is_set():
            self._reconnecting.later()

    async def stop(self) -> None:
        """Ends the send under way, then the socket; sends not begun are left to the next owner."""
        self._stopping.set()
        self._reconnecting.cancel()
        self.sends.end()
        await asyncio.wait({self._tasks["sends"]}, timeout=LAST_SEND_S)
        await contained(f"{self.instance.key}: closing", self._close())
        await self._tasks["sends"]
        await self._signals.join()  # what WhatsApp was told we have must be in the log
        self._tasks["signals"].cancel()
        await self.incoming.look_again()

    async def _close(self) -> None:
        async with self.control:
            await self.connection.release()  # ends a send that took too long: its outcome is unknown
            self.codes.end()

    def no_sends(self) -> AbstractAsyncContextManager[None]:
        """Around what ends the session: the send under way ends before it, the next one begins after it."""
        return self._door.shut(LAST_SEND_S)

    async def pair(self) -> None:
        """Begins to pair; the QR comes as a signal."""
        await self.codes.remove()  # a former attempt's, or a former owner's: it links nothing any more
        if await self._open(self.connection.pair):
            await self.change(Change(InstanceState.PAIRING))

    async def connect(self) -> None:
        """Opens the session, once the send that is under way over a former one has ended."""
        if self._stopping.is_set():
            return
        async with self.no_sends():  # what is heard of the dial waits for `control`, so the states keep their order
            dialling = self._open(self.connection.connect)
            outcomes = await asyncio.gather(self._say_connecting(), dialling, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _say_connecting(self) -> None:
        if self.instance.state is not InstanceState.CONNECTING:
            await self.change(Change(InstanceState.CONNECTING))

    async def _open(self, opening: Callable[[], Awaitable[object]]) -> bool:
        """False when nothing was opened: the instance is being stopped, or its proxy cannot be read or used."""
        if self._stopping.is_set():
            return False
        try:
            await opening()
        except SealBroken:
            logger.error("%s: its proxy_url cannot be opened with this deployment's key", self.instance.key)
            await self.change(Change(InstanceState.DISCONNECTED, reason("proxy_unreadable")))
            return False
        except EgressRefused as error:
            logger.warning("%s: its proxy is not used: %s", self.instance.key, error.detail)
            await self._not_opened(reason("proxy_unreachable", error.detail))
            return False
        except OSError as error:  # the disk with the credentials, most likely
            logger.error("%s: could not be opened: %s", self.instance.key, error)
            await self._not_opened(reason("session_store_full"))
            return False
        return True

    async def _not_opened(self, why: Reason) -> None:
        await self.change(Change(InstanceState.DISCONNECTED, why))
        if self.instance.linked:
            self._reconnecting.later()

    async def change(self, change: Change) -> None:
        """Records a new state and acts on it."""
        now = self._context.clock.unix()
        try:
            await self._context.ledger.record(state_entry(self.instance.key, change, now, self._context.host_id))
        except Outdated:
            logger.info("%s: gone", self.instance.key)
            return
        self.instance = replace(self.instance, state=change.state, reason=change.reason, **change.identity)
        if change.state is InstanceState.CONNECTED:
            self._connected.set()
        else:
            self._connected.clear()
        self.sends.changed()
        self._context.reported()

    async def connected_within(self, seconds: float) -> bool:
        """Whether the instance is, or comes to be, connected in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._connected.wait()
        return self._connected.is_set()

    async def check_numbers(self, numbers: Sequence[str]) -> list[NumberAnswer]:
        """Asks WhatsApp which numbers are there. Raises WhatsAppError, NotConnected where it is not."""
        return await self._session().check_numbers(numbers)

    def _comes_back(self) -> bool:
        """A session that was replaced or refused stays down until its owner restarts it."""
        if self.instance.state is InstanceState.FAILED:
            return False
        return self.instance.reason is None or self.instance.reason.code != "stream_replaced"

    async def _proxy_url(self) -> str | None:
        sealed = self.instance.settings.proxy_url
        if not sealed:
            return None
        url = self._context.vault.open(sealed, f"proxy:{self.instance.key}")
        await self._context.proxies.check(url)
        return url

    async def _sleep(self, seconds: float) -> None:
        """Raises NotConnected when the instance is stopped meanwhile: nothing was sent yet."""
        if await until(self._stopping, seconds):
            raise NotConnected("stopping", "the instance is handed to another owner")

    def _session(self) -> Session:
        if self.instance.state is not InstanceState.CONNECTED:
            raise NotConnected("not_connected", f"the instance is {self.instance.state}")
        return self.connection.session

    async def _run_signals(self) -> None:
        while True:
            for group in await next_groups(self._signals):
                await asyncio.gather(*map(self._hear, group))
                for _ in group:
                    self._signals.task_done()

    async def _hear(self, heard: Heard) -> None:
        match heard.signal:
            case MessageReceived() as message:
                if not (message.is_group and self.instance.settings.ignore_groups):
                    await contained(f"{self.instance.key}: a message", self.incoming.message(message))
                message.taken()
            case ReceiptReceived() as receipt:
                fault = await contained(f"{self.instance.key}: a receipt", self.incoming.receipt(receipt))
                if isinstance(fault, Fault):  # it would fail again
                    receipt.taken()
            case signal:
                await self._apart(type(signal).__name__, self._follow_current(heard, signal))

    async def _follow_current(self, heard: Heard, signal: QrShown | LifecycleSignal) -> None:
        async with self.control:
            if self.connection.is_current(heard):
                await (self._show_qr(signal) if isinstance(signal, QrShown) else self._follow(signal))

    async def _show_qr(self, qr: QrShown) -> None:
        good_until = await self.codes.show(qr.code, qr.valid_s)
        now = self._context.clock.unix()
        await self._context.ledger.record(qr_entry(self.instance.key, qr.code, good_until, now))

    async def _follow(self, signal: LifecycleSignal) -> None:
        change = change_for(signal)
        if isinstance(signal, Paired | PairingEnded):
            await self.codes.remove()
        await self.change(change)
        if change.state is InstanceState.CONNECTED:
            self._reconnecting.succeeded()
            if self.instance.settings.mark_online:
                self.show_online()
        if change.connect:
            await self._open(self.connection.connect)
        elif change.retry:
            self._reconnecting.later()
        elif change.forget:
            await self.connection.release()
            await self.connection.erase()
        elif change.state in {InstanceState.DISCONNECTED, InstanceState.FAILED}:
            await self.connection.release()

    def show_online(self) -> None:
        """Lets others see the number online, or not, as its settings say; in the background."""
        showing = show_online(lambda: self.instance, self._session, self._stopping)
        self._context.spawn(contained(f"{self.instance.key}: showing it online", showing))

    async def _reconnect(self) -> None:
        async with self.control:
            if self.instance.linked and self.instance.state is InstanceState.DISCONNECTED:
                await self.connect()
