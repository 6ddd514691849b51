"""What the session host may ask of the WhatsApp library, and what it hears back.

The library is hidden behind two Protocols: `WhatsApp` opens sessions of paired instances in this process, `PairingDesk`
pairs new ones in disposable processes. Both report by signals: plain, immutable values, given in order per instance to
the callback that was passed in, always on the event loop's thread.

    PairingDesk.begin -> QrShown* -> Paired                        (then the instance is connected through WhatsApp)
                                  \\-> PairingEnded(reason)
    WhatsApp.session -> connect -> Connected -> Disconnected -> Connected ...   (the library reconnects by itself)
                                \\-> SessionEnded(reason)           (it does not come back by itself)

Errors of calls:

    WhatsAppError
    |-- NotConnected     nothing was sent: try again when connected
    |   `-- StoreUnwritable   for want of room for the credentials, which change with every message
    |-- Rejected         WhatsApp's answer was no; final; carries `code` and `detail`
    `-- OutcomeUnknown   the call was interrupted after it may have been sent
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class WhatsAppError(Exception):
    """A call to WhatsApp that did not succeed."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class NotConnected(WhatsAppError):
    """Nothing was sent: there is no socket, or WhatsApp or this machine cannot take it just now."""


class StoreUnwritable(NotConnected):
    """The session store cannot be written, and without that nothing is sent."""

    def __init__(self, detail: str) -> None:
        super().__init__(EndReason.STORE_UNWRITABLE.value, detail)


class Rejected(WhatsAppError):
    """WhatsApp refused; asking again would be refused again."""


class OutcomeUnknown(WhatsAppError):
    """The answer never came: it may have happened or not."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on WhatsApp. `jid` is the address as WhatsApp gave it, `phone` E.164 digits without +, where known."""

    jid: str
    phone: str | None = None
    lid: str | None = None
    name: str | None = None


class EndReason(StrEnum):
    """Why a session or a pairing attempt ended for good."""

    QR_EXPIRED = "qr_expired"
    PAIRING_FAILED = "pairing_failed"
    STREAM_REPLACED = "stream_replaced"
    DEVICE_REMOVED = "device_removed"
    TEMPORARY_BAN = "temporary_ban"
    CLIENT_OUTDATED = "client_outdated"
    CONNECT_FAILURE = "connect_failure"
    PROXY_UNREACHABLE = "proxy_unreachable"
    CONNECT_TIMEOUT = "connect_timeout"
    LIBRARY_STOPPED = "library_stopped"
    CRASHES_SESSION_HOST = "crashes_session_host"
    CONNECTION_DEAD = "connection_dead"
    EARLIER_SESSION = "earlier_session"
    STORE_UNWRITABLE = "session_store_full"


@dataclass(frozen=True, slots=True)
class QrShown:
    """A code to scan, valid for `valid_s` seconds from now; the next one replaces it."""

    code: str
    valid_s: float


@dataclass(frozen=True, slots=True)
class Paired:
    """The phone linked this device; its credentials are in the store and no socket of it is open."""

    jid: str
    phone: str
    lid: str | None
    platform: str | None = None


@dataclass(frozen=True, slots=True)
class PairingEnded:
    """The attempt is over without a link."""

    reason: EndReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Connected:
    """Logged in; sends will work from now on."""

    person: Person


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The socket is gone; the library is already trying again."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The socket is gone and the library will not try again. `until` is the end of a ban, unix seconds."""

    reason: EndReason
    detail: str = ""
    until: float | None = None


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A message of a chat. `kind` is `text`, or the name of what else it is (`image`, `reaction`, ...).

    `text` is there for kind `text` only. `timestamp` is unix seconds. `from_me`: the owner wrote it on another device.
    `taken` is to be called once the message is safe: until then the next session of the store, also one of another
    process, tells it again.
    """

    id: str
    chat: str
    sender: Person
    timestamp: float
    kind: str
    text: str | None = None
    from_me: bool = False
    is_group: bool = False
    reply_to: str | None = None
    taken: Callable[[], None] = field(default=_nothing, compare=False, repr=False)


class ReceiptKind(StrEnum):
    """How far a message of ours has come."""

    DELIVERED = "delivered"
    READ = "read"


@dataclass(frozen=True, slots=True)
class ReceiptReceived:
    """Messages of ours (their WhatsApp ids) were delivered or read. `timestamp` is unix seconds, `taken` as above."""

    message_ids: tuple[str, ...]
    kind: ReceiptKind
    chat: str
    sender: Person
    timestamp: float
    taken: Callable[[], None] = field(default=_nothing, compare=False, repr=False)


Signal = QrShown | Paired | PairingEnded | Connected | Disconnected | SessionEnded | MessageReceived | ReceiptReceived
OnSignal = Callable[[Signal], None]


@dataclass(frozen=True, slots=True)
class Account:
    """Where one instance's credentials live and how it reaches WhatsApp.

    `key` names it in logs. `store` is its SQLite file. `proxy_url` (http, https, socks5) overrides the host's own.
    """

    key: str
    store: Path
    proxy_url: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """WhatsApp's acknowledgement of a send. `timestamp` is unix seconds."""

    whatsapp_id: str
    timestamp: float


@dataclass(frozen=True, slots=True)
class NumberAnswer:
    """Whether a number is on WhatsApp. `jid` is by the phone number that WhatsApp knows, maybe of other digits."""

    number: str
    exists: bool
    jid: str | None


class Session(Protocol):
    """One paired instance's socket. One `send_text` at a time per session.

    A session is used once: after a `stop` or SessionEnded the next attempt takes a new one. What WhatsApp handed over
    before the socket closed is still told (MessageReceived, ReceiptReceived) until `stop` has returned. What an earlier
    session told and nobody took (see MessageReceived) may be told again before Connected.
    """

    async def connect(self) -> None:
        """Starts connecting and returns once the attempt is under way; the outcome comes as a signal. Once.

        It waits in the background for an earlier session of the same store: there are never two sockets of one device.
        """

    async def send_text(self, to: str, text: str) -> Sent:
        """Sends to a jid, a group id or a phone number of digits. Raises WhatsAppError."""

    async def set_typing(self, to: str, typing: bool) -> None:
        """Shows or hides the typing indicator in a chat. Raises WhatsAppError."""

    async def set_online(self, online: bool) -> None:
        """Shows the number as online or not. Refused for a moment after the first login. Raises WhatsAppError."""

    async def check_numbers(self, numbers: Sequence[str]) -> list[NumberAnswer]:
        """Asks in one query which numbers (E.164 digits) are on WhatsApp. Those that the answer says nothing of are
        left out; where it says nothing at all that is an error. Raises WhatsAppError."""

    async def logout(self) -> None:
        """Unlinks this device at WhatsApp and forgets its credentials. Raises WhatsAppError."""

    async def stop(self) -> None:
        """Closes the socket and frees what can be freed; the device stays linked. Safe to call twice.

        Calls under way raise OutcomeUnknown at once. Takes 0.1 s, or 10 s at most when WhatsApp does not answer.
        """


@dataclass(frozen=True, slots=True)
class Wear:
    """What a process has lost for good: it should be replaced when that becomes much.

    `starts`: clients ever started. `ended`: those that are gone; each has left about 0.2 MB and 2.5 descriptors behind.
    `stuck`: clients that the library does not let go, now or ever.
    """

    starts: int
    ended: int
    stuck: int


class WhatsApp(Protocol):
    """The library in this process."""

    def session(self, account: Account, on_signal: OnSignal) -> Session:
        """A session of a paired account, not yet connected."""

    def wear(self) -> Wear:
        """How much this process has been used up."""

    async def close(self) -> None:
        """Stops every session."""


class PairingAttempt(Protocol):
    """One try to link an instance."""

    async def pair_code(self, phone: str) -> str:
        """Asks WhatsApp for the code `XXXX-XXXX` to type on the phone (E.164 digits). Raises WhatsAppError."""

    async def cancel(self) -> None:
        """Gives the attempt up; no signal follows. Safe to call twice."""


class PairingDesk(Protocol):
    """Pairs instances outside of this process, since the library never gives back all that an attempt takes."""

    async def begin(self, account: Account, on_signal: OnSignal) -> PairingAttempt:
        """Starts an attempt; codes and the outcome come as signals."""

    async def close(self) -> None:
        """Ends all attempts and the processes behind them."""
