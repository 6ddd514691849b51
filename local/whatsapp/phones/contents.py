"""What a message says: making the ones that phones write, and naming the ones that they read."""

import zlib
from typing import Any

from local.whatsapp.protos import e2e, history
from local.whatsapp.wire.jid import JID

WRAPPERS = (
    "deviceSentMessage",
    "ephemeralMessage",
    "viewOnceMessage",
    "viewOnceMessageV2",
    "documentWithCaptionMessage",
    "editedMessage",
)
# field of Message -> (kind as the inbox names it, field of it that holds the text)
KINDS = {
    "extendedTextMessage": ("text", "text"),
    "imageMessage": ("image", "caption"),
    "videoMessage": ("video", "caption"),
    "audioMessage": ("audio", ""),
    "documentMessage": ("document", "caption"),
    "stickerMessage": ("sticker", ""),
    "locationMessage": ("location", "name"),
    "contactMessage": ("contact", "displayName"),
    "pollCreationMessage": ("poll", "name"),
    "pollCreationMessageV2": ("poll", "name"),
    "pollCreationMessageV3": ("poll", "name"),
    "pollUpdateMessage": ("poll_vote", ""),
    "reactionMessage": ("reaction", "text"),
}


def text(body: str) -> Any:
    return e2e.Message(conversation=body)


def read(body: bytes) -> Any:
    """Raises protobuf's DecodeError."""
    return e2e.Message.FromString(body)


def device_sent(to: JID, body: bytes) -> bytes:
    """The copy of a message for the sender's other devices."""
    message = e2e.Message.FromString(body)
    copy = e2e.DeviceSentMessage(destinationJID=str(to), message=message)
    serialised: bytes = e2e.Message(deviceSentMessage=copy).SerializeToString()
    return serialised


def key_share(key_id: bytes, key: bytes, now: float) -> Any:
    """Gives a companion the key of the account's app state."""
    fingerprint = e2e.AppStateSyncKeyFingerprint(rawID=1, currentIndex=1, deviceIndexes=[0])
    data = e2e.AppStateSyncKeyData(keyData=key, fingerprint=fingerprint, timestamp=int(now * 1000))
    shared = e2e.AppStateSyncKey(keyID=e2e.AppStateSyncKeyId(keyID=key_id), keyData=data)
    return e2e.Message(
        protocolMessage=e2e.ProtocolMessage(
            type=e2e.ProtocolMessage.APP_STATE_SYNC_KEY_SHARE,
            appStateSyncKeyShare=e2e.AppStateSyncKeyShare(keys=[shared]),
        )
    )


def first_history() -> Any:
    """The first chunk of history, empty: some clients hold everything back until it has come."""
    sync = history.HistorySync(syncType=history.HistorySync.INITIAL_BOOTSTRAP, chunkOrder=1, progress=100)
    notification = e2e.HistorySyncNotification(
        syncType=e2e.INITIAL_BOOTSTRAP,
        chunkOrder=1,
        progress=100,
        initialHistBootstrapInlinePayload=zlib.compress(sync.SerializeToString()),
    )
    return e2e.Message(
        protocolMessage=e2e.ProtocolMessage(
            type=e2e.ProtocolMessage.HISTORY_SYNC_NOTIFICATION, historySyncNotification=notification
        )
    )


def asks_for_keys(message: Any) -> bool:
    """Whether a companion asks its phone for the app state key."""
    return bool(message.protocolMessage.HasField("appStateSyncKeyRequest"))


def describe(message: Any) -> tuple[str, str] | None:
    """The message's kind and text; None when it says nothing to a reader."""
    inner = unwrap(message)
    if inner.conversation:
        return "text", inner.conversation
    if inner.HasField("protocolMessage"):
        return _describe_protocol(inner.protocolMessage)
    for field, (kind, caption) in KINDS.items():
        if inner.HasField(field):
            return kind, getattr(getattr(inner, field), caption) if caption else ""
    if inner.HasField("senderKeyDistributionMessage"):
        return None
    return "other", ""


def unwrap(message: Any) -> Any:
    """The message inside its envelopes."""
    for wrapper in WRAPPERS:
        if message.HasField(wrapper):
            return unwrap(getattr(message, wrapper).message)
    return message


def _describe_protocol(protocol: Any) -> tuple[str, str] | None:
    if protocol.type == e2e.ProtocolMessage.REVOKE and protocol.HasField("key"):
        return "revoke", ""
    if protocol.type == e2e.ProtocolMessage.MESSAGE_EDIT:
        edited = describe(protocol.editedMessage)
        return "edit", edited[1] if edited else ""
    return None
