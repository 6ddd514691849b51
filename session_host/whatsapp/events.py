"""Every event of the library, by its number: heard by one named handler, or not subscribed to at all.

A handler gives the signals that the event means, none where it is only worth a log line.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import time
from typing import Any

from session_host.whatsapp.library import protobuf_module
from session_host.whatsapp.messages import message_received, receipt_received
from session_host.whatsapp.port import Disconnected, EndReason, MessageReceived, ReceiptReceived, SessionEnded, Signal
from session_host.whatsapp.text import text_of

_log = logging.getLogger(__name__)

Handler = Callable[[Any], Signal | None]

DEVICE, CONNECTED, KEEPALIVE_TIMEOUT = 0, 3, 4  # heard by the session itself

IGNORED = {
    1: "QR: codes come through a callback of their own",
    2: "PairStatus: so does the outcome of a pairing",
    5: "KeepAliveRestored",
    13: "HistorySync: the past is not asked for",
    16: "NewsLetterMessageMeta",
    19: "ChatPresence",
    20: "Presence",
    21: "JoinedGroup",
    22: "GroupInfoEvent",
    23: "Picture",
    24: "IdentityChange",
    25: "privacySettingsEvent",
    26: "OfflineSyncPreview",
    27: "OfflineSyncCompleted",
    30: "BlocklistEvent",
    31: "BlocklistChange",
    32: "NewsletterJoin",
    33: "NewsletterLeave",
    34: "NewsletterMuteChange",
    35: "NewsletterLiveUpdate",
    36: "CallOffer",
    37: "CallAccept",
    38: "CallPreAccept",
    39: "CallTransport",
    40: "CallOfferNotice",
    41: "CallRelayLatency",
    42: "CallTerminate",
    43: "UnknownCallEvent",
    45: "RotateADVSecret",
}


def _logged_out(event: Any) -> Signal:
    when = "at login" if event.OnConnect else "while connected"
    return SessionEnded(EndReason.DEVICE_REMOVED, f"{_name(event, 'Reason')} {when}")


def _stream_replaced(_event: Any) -> Signal:
    return SessionEnded(EndReason.STREAM_REPLACED, "another connection of the same device took over")


def _temporary_ban(event: Any) -> Signal:
    until = time() + event.Expire if event.Expire else None
    return SessionEnded(EndReason.TEMPORARY_BAN, _name(event, "Code"), until)


def _connect_failure(event: Any) -> Signal:
    return SessionEnded(EndReason.CONNECT_FAILURE, text_of(event.Message) or _name(event, "Reason"))


def _client_outdated(_event: Any) -> Signal:
    return SessionEnded(EndReason.CLIENT_OUTDATED, "WhatsApp wants a newer client")


def _disconnected(_event: Any) -> Signal:
    return Disconnected()


def _stream_error(event: Any) -> None:
    _log.warning("unknown stream error %s", text_of(event.Code))


def _undecryptable(event: Any) -> None:
    _log.warning("a message could not be decrypted, unavailable: %s", event.IsUnavailable)


HANDLERS: dict[int, tuple[str, Handler]] = {
    6: ("LoggedOut", _logged_out),
    7: ("StreamReplaced", _stream_replaced),
    8: ("TemporaryBan", _temporary_ban),
    9: ("ConnectFailure", _connect_failure),
    10: ("ClientOutdated", _client_outdated),
    11: ("StreamError", _stream_error),
    12: ("Disconnected", _disconnected),
    44: ("UndecryptableMessage", _undecryptable),
}

# what others wrote and read: WhatsApp takes it for told and will not tell it again
CONVERSATION: dict[int, tuple[str, Callable[[Any], MessageReceived | ReceiptReceived | None]]] = {
    17: ("Message", message_received),
    18: ("Receipt", receipt_received),
}

SUBSCRIBED = bytes(sorted({CONNECTED, KEEPALIVE_TIMEOUT, *HANDLERS, *CONVERSATION}))


class Decoder:
    """Turns the library's events into signals."""

    def __init__(self) -> None:
        messages = protobuf_module("Neonize_pb2")
        self.device = messages.Device
        self._handlers = {kind: (getattr(messages, name), handle) for kind, (name, handle) in HANDLERS.items()}
        self._conversation = {kind: (getattr(messages, name), read) for kind, (name, read) in CONVERSATION.items()}

    def signal(self, kind: int, data: bytes) -> Signal | None:
        """The signal for an event that HANDLERS names."""
        message, handle = self._handlers[kind]
        return handle(message.FromString(data))

    def conversation(self, kind: int, data: bytes) -> MessageReceived | ReceiptReceived | None:
        """The signal for an event that CONVERSATION names."""
        message, read = self._conversation[kind]
        return read(message.FromString(data))


def _name(event: Any, field: str) -> str:
    values = event.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number
    return str(values[getattr(event, field)].name).lower()
