from __future__ import annotations

from local.whatsapp.protos import server_sync
from local.whatsapp.wire.jid import JID
from local.whatsapp.wire.node import Node
from tests.unit.local.whatsapp.bench import Bench


def test_blocked_contacts_are_kept() -> None:
    companion = Bench().companion("15550001")
    companion.query("blocklist", "set", Node("item", {"jid": JID("15550002"), "action": "block"}))
    items = companion.query("blocklist", "get").child("list")
    assert items
    assert [item.attrs["jid"] for item in items.children()] == [JID("15550002")]
    companion.query("blocklist", "set", Node("item", {"jid": JID("15550002"), "action": "unblock"}))
    assert companion.account.record.blocked == []


def test_logout_unlinks_and_hangs_up_after_the_answer() -> None:
    companion = Bench().companion("15550001")
    reply = companion.query("md", "set", Node("remove-companion-device", {"jid": companion.device.pn}))
    assert reply.text("type") == "result"
    assert companion.account.devices == {}
    before = companion.link.ended
    companion.bench.clock.run(1)
    assert (before, companion.link.ended) == (False, True)
    assert companion.received("stream:error") == []


def test_nobody_logs_others_out() -> None:
    bench = Bench()
    one, other = bench.companion("15550001"), bench.companion("15550002")
    reply = one.query("md", "set", Node("remove-companion-device", {"jid": other.device.pn}))
    assert reply.text("type") == "error"
    assert other.account.devices


def test_app_state_goes_round_the_devices() -> None:
    bench = Bench()
    one, other = bench.companion("15550001"), bench.companion("15550001")
    patch = Node("patch", {}, server_sync.SyncdPatch().SerializeToString())
    upload = Node("sync", {}, [Node("collection", {"name": "regular", "version": "0"}, [patch])])
    stored = one.query("w:sync:app:state", "set", upload).child("sync", "collection")
    assert stored
    assert stored.attrs["version"] == 1
    assert other.received("notification", "server_sync")[0].child("collection") is not None
    behind = other.query("w:sync:app:state", "set", upload).child("sync", "collection")
    assert behind
    assert behind.attrs["type"] == "error"
    error = behind.child("error")
    assert error
    assert error.attrs["code"] == "409"
    assert behind.child("patches", "patch") is not None


def test_presence_goes_to_those_who_asked() -> None:
    bench = Bench()
    one, other = bench.companion("15550001"), bench.companion("15550002")
    one.stanza(Node("presence", {"type": "subscribe", "to": other.account.lid}))
    other.stanza(Node("presence", {"type": "available", "name": "Ada"}))
    other.stanza(Node("presence", {"type": "unavailable"}))
    assert [node.text("type") for node in one.received("presence")] == ["unavailable", "", "unavailable"]
    assert other.account.record.name == "Ada"


def test_typing_is_passed_on_to_people_and_groups() -> None:
    bench = Bench()
    one, other = bench.companion("15550001"), bench.companion("15550002")
    one.stanza(Node("chatstate", {"to": other.account.lid}, [Node("composing")]))
    (state,) = other.received("chatstate")
    assert state.attrs["from"] == one.account.lid
    assert state.child("composing") is not None


def test_a_picture_of_nobody_is_not_found() -> None:
    companion = Bench().companion("15550001")
    found = companion.query("w:profile:picture", "get", Node("picture"), companion.account.pn)
    assert found.child("picture") is not None
    missing = companion.query("w:profile:picture", "get", Node("picture"), JID("15550009"))
    assert missing.text("type") == "error"
