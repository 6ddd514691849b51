from __future__ import annotations

from typing import Any

import pytest

from local.whatsapp.phones.contents import describe, device_sent, first_history, key_share, read, text
from local.whatsapp.protos import common, e2e
from local.whatsapp.wire.jid import JID

PROTOCOL = e2e.ProtocolMessage

MESSAGES = [
    (e2e.Message(conversation="hi"), ("text", "hi")),
    (e2e.Message(extendedTextMessage=e2e.ExtendedTextMessage(text="hi")), ("text", "hi")),
    (e2e.Message(imageMessage=e2e.ImageMessage(caption="look")), ("image", "look")),
    (e2e.Message(documentMessage=e2e.DocumentMessage()), ("document", "")),
    (e2e.Message(reactionMessage=e2e.ReactionMessage(text="👍")), ("reaction", "👍")),
    (e2e.Message(pollCreationMessage=e2e.PollCreationMessage(name="Lunch?")), ("poll", "Lunch?")),
    (e2e.Message(protocolMessage=PROTOCOL(type=PROTOCOL.REVOKE, key=common.MessageKey(ID="1"))), ("revoke", "")),
    (
        e2e.Message(
            protocolMessage=PROTOCOL(type=PROTOCOL.MESSAGE_EDIT, editedMessage=e2e.Message(conversation="new"))
        ),
        ("edit", "new"),
    ),
    (e2e.Message(viewOnceMessage=e2e.FutureProofMessage(message=e2e.Message(conversation="once"))), ("text", "once")),
    (e2e.Message(liveLocationMessage=e2e.LiveLocationMessage()), ("other", "")),
    (key_share(b"id", b"key", 0), None),
    (first_history(), None),
    (e2e.Message(senderKeyDistributionMessage=e2e.SenderKeyDistributionMessage(groupID="g")), None),
]


@pytest.mark.parametrize(("message", "described"), MESSAGES)
def test_messages_are_named_by_what_they_say(message: Any, described: tuple[str, str] | None) -> None:
    assert describe(message) == described


def test_a_copy_for_own_devices_holds_the_message() -> None:
    copy = read(device_sent(JID("123", "lid"), text("hi").SerializeToString()))
    assert copy.deviceSentMessage.destinationJID == "123@lid"
    assert describe(copy) == ("text", "hi")
