"""What phones do with what reaches them."""

from __future__ import annotations

from local.whatsapp.protos import e2e
from local.whatsapp.signal.peer import Peer
from local.whatsapp.wire.node import Node
from tests.unit.local.whatsapp.bench import Bench


def inbox(bench: Bench, number: str) -> list[tuple[str, str, str]]:
    return [(letter.sender, letter.kind, letter.text) for letter in bench.account(number).phone.inbox.letters]


def test_a_message_is_read_and_its_delivery_confirmed() -> None:
    bench = Bench()
    companion, friend = bench.companion("15550001"), bench.account("15550009")
    companion.write(friend, "hello")
    assert inbox(bench, "15550009") == [("15550001", "text", "hello")]
    (receipt,) = companion.received("receipt")
    assert receipt.attrs["id"] == "M1"
    assert receipt.attrs["from"] == friend.lid
    assert receipt.text("type") == ""


def test_a_phone_that_reads_says_so_to_all_devices_of_the_sender() -> None:
    bench = Bench()
    companion, other = bench.companion("15550001"), bench.companion("15550001")
    friend = bench.account("15550009")
    friend.record.behaviour.read = True
    companion.write(friend, "hello")
    assert len(companion.received("receipt", "read")) == len(other.received("receipt", "read")) == 1
    assert other.received("receipt", "") == []


def test_an_automatic_reply_comes_after_a_pause() -> None:
    bench = Bench()
    companion, friend = bench.companion("15550001"), bench.account("15550009")
    friend.record.behaviour.reply = "at once"
    companion.write(friend, "hello")
    assert companion.received("message") == []
    bench.clock.run(0.2)
    (answer,) = companion.received("message")
    assert companion.read(answer).conversation == "at once"


def test_two_phones_with_automatic_replies_do_not_go_on_for_ever() -> None:
    bench = Bench()
    one, other = bench.account("15550001"), bench.account("15550002")
    one.record.behaviour.reply = other.record.behaviour.reply = "automatic"
    one.phone.write(other.lid, "hello")
    bench.clock.run(60)
    assert inbox(bench, "15550002") == [("15550001", "text", "hello")]
    assert inbox(bench, "15550001") == [("15550002", "text", "automatic")]


def test_what_a_phone_cannot_read_it_asks_for_again_and_gets_on_a_new_session() -> None:
    bench = Bench()
    companion, friend = bench.companion("15550001"), bench.account("15550009")
    companion.write(friend, "first")
    friend.phone.keyring.peers.clear()
    companion.peers[friend.lid].sessions[0].opening = None
    companion.write(friend, "lost", "M2")
    (retry,) = companion.received("receipt", "retry")
    assert retry.child("keys", "skey") is not None
    assert inbox(bench, "15550009") == [("15550001", "text", "first")]
    companion.peers[friend.lid] = Peer()
    kind, data = companion.encrypt(friend.lid, e2e.Message(conversation="lost"))
    enc = Node("enc", {"v": "2", "type": kind, "count": "1"}, data)
    companion.stanza(Node("message", {"id": "M2", "to": friend.lid, "device_fanout": "false"}, [enc]))
    assert inbox(bench, "15550009")[-1] == ("15550001", "text", "lost")


def test_a_phone_gives_up_asking() -> None:
    bench = Bench()
    companion, friend = bench.companion("15550001"), bench.account("15550009")
    for _ in range(10):
        enc = Node("enc", {"v": "2", "type": "msg"}, b"garbage")
        companion.stanza(Node("message", {"id": "M1", "to": friend.lid}, [enc]))
    assert len(companion.received("receipt", "retry")) == 5


def test_a_companion_that_could_not_read_gets_the_same_text_on_a_new_session() -> None:
    bench = Bench()
    companion, friend = bench.companion("15550001"), bench.account("15550009")
    message_id = friend.phone.write(companion.account.lid, "again please")
    companion.stanza(Node("receipt", {"id": message_id, "to": friend.lid, "type": "retry"}, [Node("retry")]))
    first, second = companion.received("message")
    assert first.attrs["id"] == second.attrs["id"] == message_id
    assert companion.read(first).conversation == "again please"
    companion.peers.clear()
    assert companion.read(second).conversation == "again please"


def test_a_message_that_comes_twice_is_kept_once_and_confirmed_again() -> None:
    bench = Bench()
    companion, friend = bench.companion("15550001"), bench.account("15550009")
    kind, data = companion.encrypt(friend.lid, e2e.Message(conversation="once"))
    stanza = Node("message", {"id": "M1", "to": friend.lid}, [Node("enc", {"v": "2", "type": kind}, data)])
    companion.stanza(stanza)
    companion.stanza(stanza)
    assert inbox(bench, "15550009") == [("15550001", "text", "once")]
    assert len(companion.received("receipt", "")) == 2
    assert bench.world.stats.events["duplicates_at_phones"] == 1
    assert bench.world.stats.events["reused_counters_at_phones"] == 0


def test_a_message_that_repeats_anothers_counter_is_confirmed_but_lost() -> None:
    bench = Bench()
    companion, friend = bench.companion("15550001"), bench.account("15550009")
    kind, data = companion.encrypt(friend.lid, e2e.Message(conversation="once"))
    for message_id in ("M1", "M2"):
        enc = Node("enc", {"v": "2", "type": kind}, data)
        companion.stanza(Node("message", {"id": message_id, "to": friend.lid}, [enc]))
    assert inbox(bench, "15550009") == [("15550001", "text", "once")]
    assert [receipt.text("id") for receipt in companion.received("receipt", "")] == ["M1", "M2"]
    assert bench.world.stats.events["reused_counters_at_phones"] == 1


def test_what_the_owner_writes_goes_to_all_devices_and_to_the_other_phone() -> None:
    bench = Bench()
    one, two = bench.companion("15550001"), bench.companion("15550001")
    own = bench.companion("15550009")
    bench.account("15550009").phone.write(one.account.lid, "to everyone")
    for companion in (one, two):
        (message,) = companion.received("message")
        assert companion.read(message).conversation == "to everyone"
    (copy,) = own.received("message")
    assert copy.attrs["recipient"] == one.account.lid
    assert own.read(copy).deviceSentMessage.message.conversation == "to everyone"
    assert inbox(bench, "15550001") == [("15550009", "text", "to everyone")]


def test_a_new_companion_gets_the_key_and_the_history_once() -> None:
    bench = Bench()
    companion = bench.companion("15550001")
    companion.account.record.introduced.clear()
    companion.connect()
    bench.clock.run(1)
    kinds = [companion.read(message).protocolMessage.type for message in companion.received("message")]
    protocol = e2e.ProtocolMessage
    assert kinds == [protocol.APP_STATE_SYNC_KEY_SHARE, protocol.HISTORY_SYNC_NOTIFICATION]
    for message in companion.received("message"):
        companion.stanza(Node("ack", {"class": "message", "id": message.attrs["id"]}))
    companion.disconnect()
    companion.connect()
    bench.clock.run(1)
    assert companion.received("message") == []


def test_a_companion_that_lost_the_key_gets_it_again() -> None:
    bench = Bench()
    companion = bench.companion("15550001")
    wanted = e2e.ProtocolMessage(appStateSyncKeyRequest=e2e.AppStateSyncKeyRequest())
    kind, data = companion.encrypt(companion.account.lid, e2e.Message(protocolMessage=wanted))
    enc = Node("enc", {"v": "2", "type": kind}, data)
    companion.stanza(Node("message", {"id": "M1", "to": companion.account.lid, "category": "peer"}, [enc]))
    (share,) = companion.received("message")
    (key,) = companion.read(share).protocolMessage.appStateSyncKeyShare.keys
    assert key.keyData.keyData == companion.account.record.app_state_key
    assert inbox(bench, "15550001") == []
