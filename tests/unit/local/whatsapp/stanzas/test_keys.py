from __future__ import annotations

from local.whatsapp.crypto.keys import KeyPair, verify
from local.whatsapp.signal.bundle import PreKey, SignedPreKey, sign_prekey
from local.whatsapp.signal.nodes import number_bytes, read_key, read_skey, skey_node
from local.whatsapp.wire.jid import JID
from local.whatsapp.wire.node import Node
from tests.unit.local.whatsapp.bench import Bench, Companion


def bundle_of(companion: Companion, jid: JID) -> Node:
    reply = companion.query("encrypt", "get", Node("key", {}, [Node("user", {"jid": jid})]))
    found = reply.child("list", "user")
    assert found
    assert found.attrs["jid"] == jid
    return found


def test_a_new_device_is_told_of_a_few_keys_so_that_it_makes_few() -> None:
    reply = Bench().companion("15550001", prekeys=0).query("encrypt", "get", Node("count"))
    count = reply.child("count")
    assert count
    assert count.attrs["value"] == 5


def test_bundles_of_devices_and_phones_carry_valid_signatures() -> None:
    bench = Bench()
    one, other = bench.companion("15550001"), bench.companion("15550002")
    for jid, has_one_time in ((other.lid, True), (other.account.lid, False), (other.account.pn, False)):
        bundle = bundle_of(one, jid)
        identity, skey = bundle.child("identity"), bundle.child("skey")
        assert identity
        assert skey
        signed = read_skey(skey)
        assert verify(identity.data(), b"\5" + signed.public, signed.signature)
        assert (bundle.child("key") is not None) == has_one_time


def test_no_one_time_key_goes_out_twice() -> None:
    bench = Bench()
    one, other = bench.companion("15550001"), bench.companion("15550002", prekeys=3)
    keys = [bundle_of(one, other.lid).child("key") for _ in range(4)]
    assert [read_key(key).id if key else None for key in keys] == [1, 2, 3, None]


def test_an_unknown_device_is_an_error_of_its_own() -> None:
    bundle = bundle_of(Bench().companion("15550001"), JID("15550002", device=9))
    error = bundle.child("error")
    assert error
    assert error.attrs["code"] == "404"


def test_an_upload_adds_to_what_is_left() -> None:
    companion = Bench().companion("15550001", prekeys=2)
    signed = sign_prekey(companion.identity, 8, KeyPair.generate().public)
    keys = [PreKey(index, KeyPair.generate().public) for index in (2, 3, 4)]
    query_keys = [Node("key", {}, [Node("id", {}, number_bytes(k.id, 3)), Node("value", {}, k.public)]) for k in keys]
    upload = [
        Node("registration", {}, number_bytes(99, 4)),
        Node("type", {}, b"\5"),
        Node("identity", {}, companion.identity.public),
        Node("list", {}, query_keys),
        skey_node(signed),
    ]
    companion.stanza(Node("iq", {"xmlns": "encrypt", "type": "set", "id": "up"}, upload))
    record = companion.device.record
    assert [key.id for key in record.prekeys] == [1, 2, 3, 4]
    assert (record.registration_id, record.signed_prekey) == (99, signed)


def test_the_signed_key_can_be_replaced() -> None:
    companion = Bench().companion("15550001")
    signed = SignedPreKey(9, KeyPair.generate().public, bytes(64))
    companion.query("encrypt", "set", Node("rotate", {}, [skey_node(signed)]))
    assert companion.device.record.signed_prekey == signed


def test_the_digest_lists_what_is_held() -> None:
    companion = Bench().companion("15550001", prekeys=3)
    digest = companion.query("encrypt", "get", Node("digest")).child("digest", "list")
    assert digest
    assert [int.from_bytes(each.data(), "big") for each in digest.children()] == [1, 2, 3]
