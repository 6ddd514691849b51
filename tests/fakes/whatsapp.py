"""WhatsApp in memory: the port's Protocols, scripted by the test and telling what was asked of them.

whatsapp = FakeWhatsApp()
session = whatsapp.session(Account("shop-1", store), signals.append)
await session.connect()                                  # Connected, unless `whatsapp.script("shop-1", connects=False)`
whatsapp.of("shop-1").signal(Disconnected())             # anything the library could say
whatsapp.script("shop-1").fail_next(Rejected("463", "no"))
whatsapp.of("shop-1").sent                               # [("4915...", "hello")]

desk = FakePairingDesk()
attempt = await desk.begin(account, signals.append)      # QrShown at once
desk.of("shop-1").scan(phone="4915...")                  # Paired; the account's store file exists from then on
desk.of("shop-1").expire()                               # PairingEnded(QR_EXPIRED)
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from session_host.whatsapp.port import (
    Account,
    Connected,
    Disconnected,
    EndReason,
    NotConnected,
    NumberAnswer,
    OnSignal,
    OutcomeUnknown,
    Paired,
    PairingEnded,
    Person,
    QrShown,
    Sent,
    SessionEnded,
    Signal,
    Wear,
    WhatsAppError,
)

Clock = Callable[[], float]


@dataclass(slots=True)
class Script:
    """How WhatsApp treats one account. `hold` keeps every call waiting until it is set; a send is
    acknowledged `answer_s` later."""

    phone: str = "4915550001"
    connects: bool = True
    unregistered: set[str] = field(default_factory=set)
    failures: deque[WhatsAppError] = field(default_factory=deque)
    hold: asyncio.Event | None = None
    answer_s: float = 0.0

    def fail_next(self, *errors: WhatsAppError) -> None:
        """The next calls raise these, one each, in order."""
        self.failures.extend(errors)


class FakeSession:
    """port.Session. `sent`, `typed`, `online`, `checked`, `connects`, `stopped`, `logged_out` tell what was asked."""

    def __init__(self, account: Account, on_signal: OnSignal, script: Script, clock: Clock) -> None:
        self.account = account
        self.script = script
        self.sent: list[tuple[str, str]] = []
        self.typed: list[tuple[str, bool]] = []
        self.online: list[bool] = []
        self.checked: list[tuple[str, ...]] = []
        self.connects = 0
        self.connected = False
        self.stopped = False
        self.logged_out = False
        self._on_signal = on_signal
        self._clock = clock

    def signal(self, signal: Signal) -> None:
        """Says something as the library would; nothing is said once stopped."""
        if self.stopped:
            return
        self.connected = isinstance(signal, Connected) or (self.connected and not _cuts(signal))
        self._on_signal(signal)

    async def connect(self) -> None:
        self.connects += 1
        if self.script.connects:
            loop = asyncio.get_running_loop()
            loop.call_soon(self.signal, Connected(Person(f"{self.script.phone}:1@s.whatsapp.net", self.script.phone)))

    async def send_text(self, to: str, text: str) -> Sent:
        await self._call()
        self.sent.append((to, text))
        sent = Sent(f"WA{self.script.phone}{len(self.sent)}", self._clock())
        await self._acknowledged()
        return sent

    async def set_typing(self, to: str, typing: bool) -> None:
        await self._call()
        self.typed.append((to, typing))

    async def set_online(self, online: bool) -> None:
        await self._call()
        self.online.append(online)

    async def check_numbers(self, numbers: Sequence[str]) -> list[NumberAnswer]:
        await self._call()
        self.checked.append(tuple(numbers))
        return [_answer(number, number not in self.script.unregistered) for number in numbers]

    async def logout(self) -> None:
        await self._call()
        self.logged_out = True
        self.account.store.unlink(missing_ok=True)
        await self.stop()

    async def stop(self) -> None:
        self.connected = False
        self.stopped = True

    async def _call(self) -> None:
        if not self.connected:
            raise NotConnected("not_connected", "there is no socket")
        if self.script.hold is not None:
            await self.script.hold.wait()
        if self.script.failures:
            raise self.script.failures.popleft()

    async def _acknowledged(self) -> None:
        if self.script.answer_s:
            await asyncio.sleep(self.script.answer_s)
        if self.stopped:
            raise OutcomeUnknown("stopped", "WhatsApp's answer did not come")


class FakeWhatsApp:
    """port.WhatsApp. `sessions` holds every session ever opened, in order."""

    def __init__(self, clock: Clock = lambda: 1_700_000_000.0) -> None:
        self.sessions: list[FakeSession] = []
        self.closed = False
        self._clock = clock
        self._scripts: dict[str, Script] = {}

    def script(self, key: str, *, connects: bool | None = None, phone: str | None = None) -> Script:
        """The script of an account, for now and for its later sessions."""
        script = self._scripts.setdefault(key, Script())
        script.connects = script.connects if connects is None else connects
        script.phone = phone or script.phone
        return script

    def of(self, key: str) -> FakeSession:
        """The latest session of an account."""
        return next(session for session in reversed(self.sessions) if session.account.key == key)

    def session(self, account: Account, on_signal: OnSignal) -> FakeSession:
        session = FakeSession(account, on_signal, self.script(account.key), self._clock)
        self.sessions.append(session)
        return session

    def wear(self) -> Wear:
        return Wear(len(self.sessions), 0, 0)

    async def close(self) -> None:
        self.closed = True
        for session in self.sessions:
            await session.stop()


class FakePairingAttempt:
    """port.PairingAttempt, driven by `show`, `scan`, `expire`, `fail`."""

    def __init__(self, account: Account, on_signal: OnSignal) -> None:
        self.account = account
        self.over = False
        self.cancelled = False
        self.codes_asked: list[str] = []
        self.failures: deque[WhatsAppError] = deque()
        self._on_signal = on_signal
        self._shown = 0

    def show(self) -> None:
        """The next QR code."""
        self._shown += 1
        self._tell(QrShown(f"2@fake-{self.account.key}-{self._shown}", 60.0 if self._shown == 1 else 20.0))

    def scan(self, phone: str = "4915550001", before: Sequence[Signal] = ()) -> None:
        """A phone links the device; `before` are signals that come in just before Paired."""
        for signal in before:
            self._tell(signal)
        self.account.store.parent.mkdir(parents=True, exist_ok=True)
        self.account.store.write_bytes(b"fake credentials")
        self._end(Paired(f"{phone}:1@s.whatsapp.net", phone, f"9{phone}:1@lid", "android"))

    def expire(self) -> None:
        """All codes were shown and none was scanned."""
        self.fail(EndReason.QR_EXPIRED)

    def fail(self, reason: EndReason = EndReason.PAIRING_FAILED, detail: str = "") -> None:
        """The attempt ends without a link."""
        self._end(PairingEnded(reason, detail))

    async def pair_code(self, phone: str) -> str:
        self.codes_asked.append(phone)
        if self.over:
            raise NotConnected("not_pairing", "the attempt is over")
        if self.failures:
            raise self.failures.popleft()
        return "ABCD-1234"

    async def cancel(self) -> None:
        self.cancelled = self.cancelled or not self.over
        self.over = True

    def _end(self, signal: Signal) -> None:
        self._tell(signal)
        self.over = True

    def _tell(self, signal: Signal) -> None:
        if not self.over:
            self._on_signal(signal)


class FakePairingDesk:
    """port.PairingDesk. Shows a first code at once unless made with `shows_code=False`."""

    def __init__(self, *, shows_code: bool = True) -> None:
        self.attempts: list[FakePairingAttempt] = []
        self.closed = False
        self._shows_code = shows_code

    def of(self, key: str) -> FakePairingAttempt:
        """The latest attempt of an account."""
        return next(attempt for attempt in reversed(self.attempts) if attempt.account.key == key)

    async def begin(self, account: Account, on_signal: OnSignal) -> FakePairingAttempt:
        attempt = FakePairingAttempt(account, on_signal)
        self.attempts.append(attempt)
        if self._shows_code:
            asyncio.get_running_loop().call_soon(attempt.show)
        return attempt

    async def close(self) -> None:
        self.closed = True
        for attempt in self.attempts:
            await attempt.cancel()


def _cuts(signal: Signal) -> bool:
    return isinstance(signal, Disconnected | SessionEnded)


def _answer(number: str, exists: bool) -> NumberAnswer:
    return NumberAnswer(number, exists, f"{number}@s.whatsapp.net" if exists else None)
