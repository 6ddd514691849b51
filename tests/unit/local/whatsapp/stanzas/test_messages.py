"""Who gets which part of a message, and who hears which receipt."""

from __future__ import annotations

from local.whatsapp.protos import e2e
from local.whatsapp.wire.jid import GROUPS, JID
from local.whatsapp.wire.node import Attribute, Node
from tests.unit.local.whatsapp.bench import Bench, Companion


def enc(label: bytes, kind: str = "msg") -> Node:
    return Node("enc", {"v": "2", "type": kind}, label)


def send(companion: Companion, to: JID, parts: dict[JID, Node], *more: Node, **attrs: Attribute) -> None:
    list_of_parts = [Node("to", {"jid": jid}, [part]) for jid, part in parts.items()]
    content = [Node("participants", {}, list_of_parts), *more]
    companion.stanza(Node("message", {"id": "M1", "type": "text", "to": to, **attrs}, content))


def encs(node: Node) -> list[bytes]:
    return [each.data() for each in node.children() if each.tag == "enc"]


def group_of(companion: Companion, *numbers: str) -> JID:
    members = [Node("participant", {"jid": JID(number)}) for number in numbers]
    reply = companion.query("w:g2", "set", Node("create", {"subject": "Team"}, members), GROUPS)
    group = reply.child("group")
    assert group
    return JID(group.text("id"), "g.us")


def test_each_device_gets_its_own_part_and_the_sender_an_ack() -> None:
    bench = Bench()
    one = bench.companion("15550001")
    first, second = bench.companion("15550002"), bench.companion("15550002")
    identity = Node("device-identity", {}, b"signed")
    send(one, first.account.lid, {first.lid: enc(b"1", "pkmsg"), second.lid: enc(b"2")}, identity, Node("meta"))
    (ack,) = one.received("ack")
    assert (ack.attrs["class"], ack.attrs["id"], ack.attrs["from"]) == ("message", "M1", first.account.lid)
    (to_first,), (to_second,) = first.received("message"), second.received("message")
    assert (encs(to_first), encs(to_second)) == ([b"1"], [b"2"])
    assert to_first.attrs["from"] == one.lid
    assert to_first.attrs["sender_pn"] == one.account.pn
    assert to_first.child("device-identity") is not None
    assert to_second.child("device-identity") is None
    assert to_second.child("meta") is not None


def test_own_devices_get_copies_that_name_the_chat() -> None:
    bench = Bench()
    one, mine, other = bench.companion("15550001"), bench.companion("15550001"), bench.companion("15550002")
    send(one, other.account.lid, {mine.lid: enc(b"copy"), other.lid: enc(b"text")})
    (copy,) = mine.received("message")
    assert (copy.attrs["from"], copy.attrs["recipient"]) == (one.lid, other.account.lid)
    assert copy.attrs["peer_recipient_pn"] == other.account.pn


def test_an_edit_keeps_its_mark() -> None:
    bench = Bench()
    one, other = bench.companion("15550001"), bench.companion("15550002")
    send(one, other.account.lid, {other.lid: enc(b"edit")}, edit="1")
    assert other.received("message")[0].attrs["edit"] == "1"


def test_a_group_message_goes_to_every_other_device_key_first() -> None:
    bench = Bench()
    one, mine, other = bench.companion("15550001"), bench.companion("15550001"), bench.companion("15550002")
    group = group_of(one, "15550002", "15550003")
    send(one, group, {other.lid: enc(b"key", "pkmsg")}, enc(b"text", "skmsg"), Node("device-identity", {}, b"s"))
    (to_other,), (to_mine,) = other.received("message"), mine.received("message")
    assert encs(to_other) == [b"key", b"text"]
    assert encs(to_mine) == [b"text"]
    assert (to_other.attrs["from"], to_other.attrs["participant"]) == (group, one.lid)
    assert one.received("message") == []


def test_a_group_message_repeated_for_one_device_goes_to_it_alone() -> None:
    bench = Bench()
    one, other, third = (bench.companion(number) for number in ("15550001", "15550002", "15550003"))
    group = group_of(one, "15550002", "15550003")
    one.stanza(Node("message", {"id": "M1", "to": group, "participant": other.lid}, [enc(b"again", "pkmsg")]))
    assert encs(other.received("message")[0]) == [b"again"]
    assert third.received("message") == []


def test_a_message_to_an_unknown_group_is_acknowledged_with_an_error() -> None:
    companion = Bench().companion("15550001")
    send(companion, JID("1", "g.us"), {})
    assert companion.received("ack")[0].attrs["error"] == "404"


def test_a_message_to_nobody_harms_nothing() -> None:
    companion = Bench().companion("15550001")
    send(companion, JID("status", "broadcast"), {})
    send(companion, JID("15550009"), {JID("1", "lid", 5): enc(b"x")})
    assert len(companion.received("ack")) == 2


def test_receipts_go_to_the_device_that_wrote_or_to_all_of_them() -> None:
    bench = Bench()
    one, mine, other = bench.companion("15550001"), bench.companion("15550001"), bench.companion("15550002")
    other.stanza(Node("receipt", {"id": "M1", "to": one.lid}))
    assert one.received("receipt")[0].attrs["from"] == other.lid
    assert mine.received("receipt") == []
    other.stanza(Node("receipt", {"id": "M1", "to": one.account.lid, "type": "read"}))
    assert mine.received("receipt", "read")[0].attrs["from"] == other.account.lid
    assert [ack.attrs["class"] for ack in other.received("ack")] == ["receipt", "receipt"]


def test_receipts_in_a_group_name_their_sender() -> None:
    bench = Bench()
    one, other = bench.companion("15550001"), bench.companion("15550002")
    group = group_of(one, "15550002")
    other.stanza(Node("receipt", {"id": "M1", "to": group, "participant": one.lid}))
    (receipt,) = one.received("receipt")
    assert (receipt.attrs["from"], receipt.attrs["participant"]) == (group, other.lid)


def test_receipts_about_own_business_stay_with_the_server() -> None:
    bench = Bench()
    one, mine = bench.companion("15550001"), bench.companion("15550001")
    one.stanza(Node("receipt", {"id": "M1", "to": one.account.lid, "type": "sender"}))
    one.stanza(Node("receipt", {"id": "M1", "to": one.account.pn, "type": "hist_sync"}))
    assert mine.received("receipt") == []
    assert len(one.received("ack")) == 2


def test_a_retry_reaches_the_companion_that_wrote() -> None:
    bench = Bench()
    one, other = bench.companion("15550001"), bench.companion("15550002")
    other.stanza(Node("receipt", {"id": "M1", "to": one.lid, "type": "retry"}, [Node("retry", {"count": 1})]))
    (retry,) = one.received("receipt", "retry")
    assert retry.attrs["from"] == other.lid
    assert retry.child("retry") is not None


def test_a_phone_reads_what_its_group_gets() -> None:
    bench = Bench()
    one = bench.companion("15550001")
    group = group_of(one, "15550009")
    friend = bench.account("15550009")
    kind, data = one.encrypt(friend.lid, e2e.Message(conversation="for you alone"))
    send(one, group, {friend.lid: enc(data, kind)})
    (letter,) = friend.phone.inbox.letters
    assert (letter.group, letter.sender, letter.text) == (group.user, "15550001", "for you alone")
    (receipt,) = one.received("receipt", "")
    assert (receipt.attrs["from"], receipt.attrs["participant"]) == (group, friend.lid)
