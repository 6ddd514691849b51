"""The responder against an initiator written from the specification, and against broken ones."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from local.whatsapp.crypto.keys import KeyPair
from local.whatsapp.noise.cipher import SealBrokenError
from local.whatsapp.noise.handshake import HandshakeError, Responder
from local.whatsapp.protos import wa6
from tests.unit.local.whatsapp.noise.initiator import Initiator

HEADER = b"WA\x06\x03"


def private(seed: int) -> bytes:
    return hashlib.sha256(bytes((seed,))).digest()


def initiator() -> Initiator:
    return Initiator(
        HEADER, X25519PrivateKey.from_private_bytes(private(1)), X25519PrivateKey.from_private_bytes(private(2))
    )


def responder(header: bytes = HEADER) -> Responder:
    return Responder(header, KeyPair.of(private(3)), b"certificates", KeyPair.of(private(4)))


def test_both_sides_end_with_the_same_stream() -> None:
    client, server = initiator(), responder()
    payload = wa6.ClientPayload(username=15550001, device=7).SerializeToString()
    established = server.finish(client.finish(server.hello(client.hello()), payload))
    assert established.client_static == client.s.public_key().public_bytes_raw()
    assert (established.payload.username, established.payload.device) == (15550001, 7)
    assert client.server_static == KeyPair.of(private(3)).public
    assert client.certificates == b"certificates"
    for text in (b"one", b"two", b"three"):
        assert established.receiving.open(client.seal(text)) == text
        assert client.open(established.sending.seal(text)) == text


def test_a_fixed_handshake_gives_a_fixed_transcript() -> None:
    """With all keys fixed the whole exchange is; these are its digests, so a change of the maths cannot hide."""
    client, server = initiator(), responder()
    hello = client.hello()
    answer = server.hello(hello)
    finish = client.finish(answer, wa6.ClientPayload(username=1).SerializeToString())
    established = server.finish(finish)
    digests = [hashlib.sha256(part).hexdigest()[:16] for part in (hello, answer, finish)]
    digests.append(hashlib.sha256(established.sending.seal(b"first")).hexdigest()[:16])
    assert digests == ["e59dc629899ccc1a", "e01d8f1c767be2cd", "0b13a32e13662e67", "af777f2b58f5d1fd"]


@pytest.mark.parametrize("body", [b"", b"\xff\xff", b"\x12\x02\x0a\x00"])
def test_a_broken_hello_is_refused(body: bytes) -> None:
    with pytest.raises(HandshakeError):
        responder().hello(body)


def test_a_hello_of_low_order_is_refused() -> None:
    hello = wa6.HandshakeMessage.ClientHello(ephemeral=bytes(32))
    with pytest.raises(HandshakeError):
        responder().hello(wa6.HandshakeMessage(clientHello=hello).SerializeToString())


@given(st.data())
def test_a_finish_changed_on_its_way_is_refused(data: st.DataObject) -> None:
    client, server = initiator(), responder()
    finish = wa6.HandshakeMessage.FromString(client.finish(server.hello(client.hello()), b"")).clientFinish
    field = data.draw(st.sampled_from(["static", "payload"]))
    value = bytearray(getattr(finish, field))
    value[data.draw(st.integers(0, len(value) - 1))] ^= data.draw(st.integers(1, 255))
    setattr(finish, field, bytes(value))
    with pytest.raises(HandshakeError):
        server.finish(wa6.HandshakeMessage(clientFinish=finish).SerializeToString())


def test_another_header_makes_another_transcript() -> None:
    client, server = initiator(), responder(b"WA\x06\x02")
    answer = server.hello(client.hello())
    with pytest.raises(InvalidTag):
        client.finish(answer, b"")


def test_a_stream_message_out_of_order_does_not_open() -> None:
    client, server = initiator(), responder()
    established = server.finish(client.finish(server.hello(client.hello()), b""))
    client.seal(b"lost")
    with pytest.raises(SealBrokenError):
        established.receiving.open(client.seal(b"next"))
