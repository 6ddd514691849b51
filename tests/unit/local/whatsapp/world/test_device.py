"""The offline queue, redelivery, and the keys of a device."""

from __future__ import annotations

from local.whatsapp.wire.jid import JID
from local.whatsapp.wire.node import Attributes, Node
from tests.unit.local.whatsapp.bench import Bench, Companion


def message(stanza_id: str) -> Node:
    return Node("message", {"id": stanza_id, "type": "text"})


def ids(companion: Companion) -> list[tuple[str, str]]:
    return [(node.text("id"), node.text("offline")) for node in companion.received("message")]


def test_what_comes_while_the_device_is_away_waits_in_order() -> None:
    companion = Bench().companion("15550001", connect=False)
    for stanza_id in ("a", "b", "c"):
        companion.device.deliver(message(stanza_id))
    companion.device.deliver(Node("chatstate", {"from": "x"}))
    companion.connect()
    assert ids(companion) == [("a", "1"), ("b", "1"), ("c", "1")]
    preview, done = companion.received("ib")
    assert preview.children()[0].attrs["message"] == 3
    assert done.children()[0].attrs["count"] == 3
    assert companion.received("chatstate") == []


def test_nothing_is_sent_before_the_device_is_active() -> None:
    companion = Bench().companion("15550001", connect=False)
    companion.device.attach(companion.link)
    companion.device.deliver(message("a"))
    assert companion.link.sent == []


def test_what_was_not_acknowledged_comes_again_first() -> None:
    companion = Bench().companion("15550001")
    for stanza_id in ("a", "b", "c"):
        companion.device.deliver(message(stanza_id))
    companion.stanza(Node("ack", {"class": "message", "id": "b"}))
    companion.disconnect()
    companion.device.deliver(message("d"))
    companion.connect()
    assert ids(companion) == [("a", "1"), ("c", "1"), ("d", "1")]


def test_all_receipts_of_one_message_arrive() -> None:
    companion = Bench().companion("15550001", connect=False)
    readers = [JID("1", "lid"), JID("2", "lid")]
    receipts: list[Attributes] = [{"from": reader, "type": kind} for reader in readers for kind in ("", "read")]
    for attrs in receipts:
        companion.device.deliver(Node("receipt", {"id": "a", **attrs}))
    companion.connect()
    found = [(node.jid("from"), node.text("type")) for node in companion.received("receipt")]
    assert found == [(attrs["from"], attrs["type"]) for attrs in receipts]
    companion.stanza(Node("ack", {"class": "receipt", "id": "a", "to": readers[0], "type": "read"}))
    assert len(companion.device.pending()) == 3


def test_a_receipt_settles_a_message_too() -> None:
    companion = Bench().companion("15550001")
    companion.device.deliver(message("a"))
    companion.stanza(Node("receipt", {"id": "a", "to": companion.account.pn, "type": "inactive"}))
    assert companion.device.pending() == []


def test_a_replaced_connection_does_not_take_the_new_one_down() -> None:
    companion = Bench().companion("15550001")
    old = companion.link
    companion.connect()
    companion.device.detach(old)
    companion.device.deliver(message("a"))
    assert ids(companion) == [("a", "")]


def test_one_time_keys_go_out_once_each_and_more_are_asked_for_once() -> None:
    companion = Bench().companion("15550001", prekeys=7)
    bundles = [companion.device.bundle() for _ in range(9)]
    handed = [bundle.one_time.id for bundle in bundles if bundle.one_time]
    assert handed == [1, 2, 3, 4, 5, 6, 7]
    (asked,) = companion.received("notification", "encrypt")
    count = asked.child("count")
    assert count
    assert count.attrs["value"] == 4


def test_a_device_that_is_away_is_asked_for_keys_when_it_is_back() -> None:
    companion = Bench().companion("15550001", prekeys=1, connect=False)
    companion.device.bundle()
    companion.connect()
    assert len(companion.received("notification", "encrypt")) == 1
