from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_host.whatsapp.library import protobuf_module
from session_host.whatsapp.messages import message_received, receipt_received
from session_host.whatsapp.port import Person, ReceiptKind, ReceiptReceived

neonize: Any = protobuf_module("Neonize_pb2")
Message: Any = protobuf_module("waE2E.WAWebProtobufsE2E_pb2").Message

NOBODY = neonize.JID(IsEmpty=True)
LID = neonize.JID(User="1701", Server="lid", Device=2)
PHONE = neonize.JID(User="4915550001", Server="s.whatsapp.net")


def event(message: Any, **info: Any) -> Any:
    source = neonize.MessageSource(Chat=LID, Sender=LID, SenderAlt=PHONE, RecipientAlt=NOBODY)
    head = {"ID": "3EB0", "Timestamp": 1_700_000_000_500, "Pushname": "Ana", **info}
    return neonize.Message(Info=neonize.MessageInfo(MessageSource=source, **head), Message=message)


def receipt(kind: str, from_me: bool = False) -> Any:
    source = neonize.MessageSource(Chat=LID, Sender=LID, SenderAlt=NOBODY, RecipientAlt=NOBODY, IsFromMe=from_me)
    number = neonize.Receipt.ReceiptType.Value(kind)
    return neonize.Receipt(MessageSource=source, MessageIDs=["A", "B"], Timestamp=1_700_000_000, Type=number)


def test_a_text_is_told_in_full() -> None:
    received = message_received(event(Message(conversation="hello")))

    assert received is not None
    assert (received.id, received.kind, received.text) == ("3EB0", "text", "hello")
    assert received.sender == Person("1701@lid", "4915550001", "1701@lid", "Ana")
    assert received.chat == "4915550001@s.whatsapp.net"
    assert received.timestamp == 1_700_000_000.5  # milliseconds in the library


def test_a_reply_names_what_it_replies_to() -> None:
    received = message_received(
        event(Message(extendedTextMessage={"text": "yes", "contextInfo": {"stanzaID": "3EB9"}}))
    )

    assert received is not None
    assert (received.kind, received.text, received.reply_to) == ("text", "yes", "3EB9")


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"imageMessage": {"caption": "look"}}, "image"),
        ({"videoMessage": {}}, "video"),
        ({"ptvMessage": {}}, "video"),
        ({"audioMessage": {"PTT": True}}, "audio"),
        ({"documentMessage": {}}, "document"),
        ({"stickerMessage": {}}, "sticker"),
        ({"locationMessage": {}}, "location"),
        ({"liveLocationMessage": {}}, "location"),
        ({"contactMessage": {}}, "contact"),
        ({"contactsArrayMessage": {}}, "contact"),
        ({"pollCreationMessageV3": {}}, "poll"),
        ({"reactionMessage": {"text": "+"}}, "reaction"),
        ({"protocolMessage": {"type": "MESSAGE_EDIT"}}, "edit"),
        ({"protocolMessage": {"type": "REVOKE"}}, "revoke"),
        ({"pollUpdateMessage": {}}, "unknown"),
        ({"orderMessage": {}}, "unknown"),
        ({"imageMessage": {}, "messageContextInfo": {}}, "image"),
    ],
)
def test_every_kind_has_its_name_and_no_text(message: dict[str, Any], kind: str) -> None:
    received = message_received(event(Message(**message)))

    assert received is not None
    assert (received.kind, received.text) == (kind, None)


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"protocolMessage": {"type": "APP_STATE_SYNC_KEY_SHARE"}},
        {"protocolMessage": {"type": "HISTORY_SYNC_NOTIFICATION"}},
        {"senderKeyDistributionMessage": {}, "messageContextInfo": {}},
    ],
)
def test_the_protocols_own_messages_are_none(message: dict[str, Any]) -> None:
    assert message_received(event(Message(**message))) is None


def test_messages_between_devices_of_one_account_are_none() -> None:
    assert message_received(event(Message(conversation="x"), Category="peer")) is None


@given(st.text())
def test_texts_come_through_unchanged(text: str) -> None:
    received = message_received(event(Message(conversation=text)))

    assert received is not None
    assert received.text == text


@pytest.mark.parametrize("odd", [b"\xff\xfe?", b"\xc3(?", b"\xed\xa0\x80"])
def test_bytes_that_are_no_text_come_as_a_text_that_can_be_told(odd: bytes) -> None:
    """The library passes them on as they are, and reading gives bytes then."""
    person = neonize.JID(User="???", Server="???")
    source = neonize.MessageSource(Chat=person, Sender=person, SenderAlt=person, RecipientAlt=person)
    text = Message(extendedTextMessage={"text": "???", "contextInfo": {"stanzaID": "???"}})
    info = neonize.MessageInfo(ID="???", Pushname="???", Timestamp=1, MessageSource=source)
    written = neonize.Message(Info=info, Message=text).SerializePartialToString()
    told = message_received(neonize.Message.FromString(written.replace(b"???", odd)))
    receipts = neonize.Receipt(MessageIDs=["???"], MessageSource=source, Type=1).SerializePartialToString()
    receipt_told = receipt_received(neonize.Receipt.FromString(receipts.replace(b"???", odd)))

    plain = odd.decode(errors="replace")
    assert told is not None
    assert receipt_told is not None
    assert (told.id, told.text, told.reply_to, told.sender.name) == (plain,) * 4
    assert (told.chat, told.sender.jid, receipt_told.message_ids) == (f"{plain}@{plain}", told.chat, (plain,))
    for each in (told, receipt_told):
        assert str(each).encode()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("DELIVERED", ReceiptKind.DELIVERED),
        ("INACTIVE", ReceiptKind.DELIVERED),
        ("READ", ReceiptKind.READ),
        ("PLAYED", ReceiptKind.READ),
    ],
)
def test_receipts_of_others_are_told(kind: str, expected: ReceiptKind) -> None:
    told = receipt_received(receipt(kind))

    # seconds in the library
    assert told == ReceiptReceived(
        ("A", "B"), expected, "1701@lid", Person("1701@lid", lid="1701@lid"), 1_700_000_000.0
    )


@pytest.mark.parametrize("kind", ["SENDER", "RETRY", "READ_SELF", "PLAYED_SELF", "SERVER_ERROR", "PEER_MSG"])
def test_receipts_that_say_nothing_of_a_reader_are_none(kind: str) -> None:
    assert receipt_received(receipt(kind)) is None
    assert receipt_received(receipt("READ", from_me=True)) is None
