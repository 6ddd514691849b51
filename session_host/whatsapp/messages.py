"""Messages and receipts: from the library's protobuf to the port's signals.

Message times are milliseconds there, receipt times seconds. Messages that only carry the protocol's own business (key
shares, history, key distribution) come up like any other; they are told apart here and give None.
"""

from __future__ import annotations

from typing import Any

from session_host.whatsapp.people import chat_of, person
from session_host.whatsapp.port import MessageReceived, ReceiptKind, ReceiptReceived
from session_host.whatsapp.text import text_of

# the field that is set -> the kind; the first that fits
_KINDS = {
    "conversation": "text",
    "extendedTextMessage": "text",
    "imageMessage": "image",
    "videoMessage": "video",
    "ptvMessage": "video",
    "audioMessage": "audio",
    "documentMessage": "document",
    "stickerMessage": "sticker",
    "lottieStickerMessage": "sticker",
    "locationMessage": "location",
    "liveLocationMessage": "location",
    "contactMessage": "contact",
    "contactsArrayMessage": "contact",
    "pollCreationMessage": "poll",
    "pollCreationMessageV2": "poll",
    "pollCreationMessageV3": "poll",
    "pollCreationMessageV5": "poll",
    "pollCreationMessageV6": "poll",
    "reactionMessage": "reaction",
    "encReactionMessage": "reaction",
}
_PROTOCOL_KINDS = {"REVOKE": "revoke", "MESSAGE_EDIT": "edit"}
_NOT_MESSAGES = frozenset(
    {"senderKeyDistributionMessage", "messageContextInfo", "fastRatchetKeySenderKeyDistributionMessage"}
)

# by name, since the library's numbers for played-by-myself and server errors are mixed up
_RECEIPTS = {
    "DELIVERED": ReceiptKind.DELIVERED,
    "INACTIVE": ReceiptKind.DELIVERED,  # on a device whose owner is not looking
    "READ": ReceiptKind.READ,
    "PLAYED": ReceiptKind.READ,
}


def message_received(event: Any) -> MessageReceived | None:
    """The signal for a Message event, None for one that is no message of a chat."""
    info, message = event.Info, event.Message
    kind = "edit" if event.IsEdit else _kind(message)
    if kind is None or info.Category == "peer":
        return None
    source = info.MessageSource
    return MessageReceived(
        id=text_of(info.ID),
        chat=chat_of(source),
        sender=person(source.Sender, source.SenderAlt, info.Pushname),
        timestamp=info.Timestamp / 1000,
        kind=kind,
        text=text_of(message.conversation or message.extendedTextMessage.text) if kind == "text" else None,
        from_me=source.IsFromMe,
        is_group=source.IsGroup,
        reply_to=_reply_to(message),
    )


def receipt_received(event: Any) -> ReceiptReceived | None:
    """The signal for a Receipt event, None for those between devices of one account."""
    kind = _RECEIPTS.get(event.ReceiptType.Name(event.Type))
    source = event.MessageSource
    if kind is None or source.IsFromMe:
        return None
    return ReceiptReceived(
        message_ids=tuple(map(text_of, event.MessageIDs)),
        kind=kind,
        chat=chat_of(source),
        sender=person(source.Sender, source.SenderAlt),
        timestamp=float(event.Timestamp),
    )


def _kind(message: Any) -> str | None:
    names = [field.name for field, _ in message.ListFields()]
    if "protocolMessage" in names:
        protocol = message.protocolMessage
        return _PROTOCOL_KINDS.get(protocol.Type.Name(protocol.type))
    if kind := next((_KINDS[name] for name in names if name in _KINDS), None):
        return kind
    return "unknown" if set(names) - _NOT_MESSAGES else None


def _reply_to(message: Any) -> str | None:
    for _, value in message.ListFields():
        context = getattr(value, "contextInfo", None)
        if context is not None and context.stanzaID:
            return text_of(context.stanzaID)
    return None
