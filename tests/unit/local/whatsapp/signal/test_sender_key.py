"""Group messages, made here the way a companion makes them."""

from __future__ import annotations

import hmac

import pytest

from local.whatsapp.crypto.aes import cbc_encrypt
from local.whatsapp.crypto.kdf import hkdf
from local.whatsapp.crypto.keys import KeyPair
from local.whatsapp.signal import fields
from local.whatsapp.signal.errors import DuplicateError, NoSessionError, UnreadableError
from local.whatsapp.signal.sender_key import SenderKey

VERSION = b"\x33"


class Sender:
    def __init__(self) -> None:
        self.signing = KeyPair.generate()
        self.chain = bytes(range(32))
        self.iteration = 0

    def distribution(self) -> bytes:
        key = fields.blob(3, self.chain) + fields.blob(4, b"\5" + self.signing.public)
        return VERSION + fields.number(1, 77) + fields.number(2, self.iteration) + key

    def encrypt(self, text: bytes) -> bytes:
        keys = hkdf(hmac.digest(self.chain, b"\1", "sha256"), info=b"WhisperGroup", size=48)
        body = VERSION + fields.number(1, 77) + fields.number(2, self.iteration)
        body += fields.blob(3, cbc_encrypt(keys[16:], keys[:16], text))
        self.chain, self.iteration = hmac.digest(self.chain, b"\2", "sha256"), self.iteration + 1
        return body + self.signing.sign(body)


def test_messages_in_order_and_after_a_gap() -> None:
    sender = Sender()
    key = SenderKey.parse(sender.distribution())
    messages = [sender.encrypt(b"message %d" % index) for index in range(5)]
    for index in (0, 1, 4):
        text, key = key.decrypt(messages[index])
        assert text == b"message %d" % index
    with pytest.raises(DuplicateError):
        key.decrypt(messages[1])


def test_a_member_who_joins_later_reads_on_from_there() -> None:
    sender = Sender()
    sender.encrypt(b"before")
    key = SenderKey.parse(sender.distribution())
    assert key.decrypt(sender.encrypt(b"after"))[0] == b"after"


def test_a_message_signed_by_another_is_refused() -> None:
    sender, forger = Sender(), Sender()
    with pytest.raises(NoSessionError):
        SenderKey.parse(sender.distribution()).decrypt(forger.encrypt(b"forged"))


@pytest.mark.parametrize("garbage", [b"", b"\x33", b"\x33" + bytes(80), b"text"])
def test_garbage_is_refused(garbage: bytes) -> None:
    with pytest.raises((UnreadableError, NoSessionError)):
        SenderKey.parse(Sender().distribution()).decrypt(garbage)
    with pytest.raises(UnreadableError):
        SenderKey.parse(garbage)
