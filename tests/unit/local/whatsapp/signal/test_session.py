"""Two devices talk, whatever the network does to the order of what they say."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.whatsapp.crypto.keys import KeyPair
from local.whatsapp.signal.bundle import Bundle, PreKey, sign_prekey
from local.whatsapp.signal.chain import JUMP_MAX, Chain
from local.whatsapp.signal.errors import DuplicateError, NoSessionError, SignalError, UnreadableError
from local.whatsapp.signal.messages import OpeningMessage
from local.whatsapp.signal.peer import Peer
from local.whatsapp.signal.session import Encrypted, Session


@dataclass
class Device:
    identity: KeyPair = field(default_factory=KeyPair.generate)
    signed: KeyPair = field(default_factory=KeyPair.generate)
    peer: Peer = field(default_factory=Peer)

    def bundle(self, one_time: PreKey | None = None) -> Bundle:
        return Bundle(7, self.identity.public, sign_prekey(self.identity, 1, self.signed.public), one_time)

    def encrypt(self, to: Device, text: bytes) -> Encrypted:
        return self.peer.encrypt(self.identity, text, lambda: Session.initiate(self.identity, 9, to.bundle()))

    def decrypt(self, message: Encrypted) -> bytes:
        return self.peer.decrypt(self.identity, self.signed, *message)


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_any_order_and_any_loss_decrypts(data: st.DataObject) -> None:
    one, other = Device(), Device()
    under_way: list[tuple[Device, bytes, Encrypted]] = []
    for index in range(data.draw(st.integers(1, 25))):
        arrives = data.draw(st.booleans())
        if under_way and arrives:
            to, text, message = under_way.pop(data.draw(st.integers(0, len(under_way) - 1)))
            assert to.decrypt(message) == text
        elif under_way and data.draw(st.integers(0, 9)) == 0:
            under_way.pop()
        else:
            sender, to = (one, other) if data.draw(st.booleans()) else (other, one)
            text = b"message %d" % index
            under_way.append((to, text, sender.encrypt(to, text)))
    for to, text, message in under_way:
        assert to.decrypt(message) == text


def test_messages_open_a_session_until_the_peer_has_answered() -> None:
    one, other = Device(), Device()
    first, second = one.encrypt(other, b"1"), one.encrypt(other, b"2")
    assert [kind for kind, _ in (first, second)] == ["pkmsg", "pkmsg"]
    assert (other.decrypt(second), other.decrypt(first)) == (b"2", b"1")
    one.decrypt(other.encrypt(one, b"3"))
    kind, _ = one.encrypt(other, b"4")
    assert kind == "msg"


def test_an_opening_names_the_keys_that_it_used() -> None:
    one, other = Device(), Device()
    session = Session.initiate(one.identity, 9, other.bundle(PreKey(42, KeyPair.generate().public)))
    opening = OpeningMessage.parse(session.encrypt(one.identity, b"text")[1])
    assert (opening.one_time_id, opening.signed_id, opening.registration_id) == (42, 1, 9)
    assert opening.identity == one.identity.public


def test_a_message_read_twice_is_a_duplicate() -> None:
    one, other = Device(), Device()
    message = one.encrypt(other, b"once")
    other.decrypt(message)
    with pytest.raises(DuplicateError):
        other.decrypt(message)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_changed_message_is_refused_and_harms_nothing(data: st.DataObject) -> None:
    one, other = Device(), Device()
    other.decrypt(one.encrypt(other, b"first"))
    one.decrypt(other.encrypt(one, b"second"))
    kind, content = one.encrypt(other, b"third")
    broken = bytearray(content)
    broken[data.draw(st.integers(0, len(broken) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SignalError):
        other.decrypt((kind, bytes(broken)))
    assert other.decrypt((kind, content)) == b"third"
    assert one.decrypt(other.encrypt(one, b"fourth")) == b"fourth"


@given(st.sampled_from(["msg", "pkmsg"]), st.binary(max_size=120))
def test_garbage_is_one_clear_error(kind: str, garbage: bytes) -> None:
    with pytest.raises(SignalError):
        Device().decrypt((kind, garbage))


def test_a_message_without_a_session_is_told_apart() -> None:
    one, other = Device(), Device()
    other.decrypt(one.encrypt(other, b"1"))
    answer = other.encrypt(one, b"2")
    with pytest.raises(NoSessionError):
        Device(one.identity, one.signed).decrypt(answer)


def test_both_sides_opening_at_once_settle() -> None:
    one, other = Device(), Device()
    from_one, from_other = one.encrypt(other, b"1"), other.encrypt(one, b"2")
    assert (other.decrypt(from_one), one.decrypt(from_other)) == (b"1", b"2")
    for text in (b"3", b"4", b"5"):
        assert other.decrypt(one.encrypt(other, text)) == text
        assert one.decrypt(other.encrypt(one, text)) == text


def test_after_distrust_a_new_session_begins_and_the_old_one_still_reads() -> None:
    one, other = Device(), Device()
    other.decrypt(one.encrypt(other, b"1"))
    one.decrypt(other.encrypt(one, b"2"))
    late = other.encrypt(one, b"late")
    one.peer.distrust()
    renewed = one.encrypt(other, b"3")
    assert renewed[0] == "pkmsg"
    assert other.decrypt(renewed) == b"3"
    assert one.decrypt(late) == b"late"


def test_a_distrusted_session_is_good_again_after_its_next_turn() -> None:
    one, other = Device(), Device()
    other.decrypt(one.encrypt(other, b"1"))
    one.peer.distrust()
    one.decrypt(other.encrypt(one, b"2"))
    kind, _ = one.encrypt(other, b"3")
    assert kind == "msg"


def test_a_counter_far_ahead_is_refused() -> None:
    with pytest.raises(NoSessionError):
        Chain(bytes(32)).at(JUMP_MAX + 1)


def test_a_key_of_low_order_is_refused() -> None:
    opening = OpeningMessage(bytes(32), KeyPair.generate().public, b"", None, 1, 1)
    with pytest.raises(UnreadableError):
        Session.respond(KeyPair.generate(), KeyPair.generate(), opening)
