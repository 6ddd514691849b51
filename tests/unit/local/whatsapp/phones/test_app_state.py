"""The push name's patch, checked by the sums that a companion does before it believes one."""

from __future__ import annotations

import hmac

import pytest
from google.protobuf.message import DecodeError

from local.whatsapp.crypto.aes import cbc_decrypt
from local.whatsapp.crypto.kdf import hkdf
from local.whatsapp.phones.app_state import AppState, push_name_patch
from local.whatsapp.protos import server_sync
from local.whatsapp.signal import fields

KEY_ID, KEY = b"\0\0abcd", bytes(range(32))


def test_a_companion_accepts_the_push_name() -> None:
    patch = server_sync.SyncdPatch.FromString(push_name_patch(KEY_ID, KEY, "Ada", 1_700_000_000_000))
    keys = hkdf(KEY, info=b"WhatsApp Mutation Keys", size=160)
    index_key, value_key, value_mac_key, snapshot_key, patch_key = (keys[i : i + 32] for i in range(0, 160, 32))
    record = patch.mutations[0].record
    sealed, value_mac = record.value.blob[:-32], record.value.blob[-32:]
    signed = b"\1" + KEY_ID + sealed + (len(KEY_ID) + 1).to_bytes(8, "big")
    assert hmac.digest(value_mac_key, signed, "sha512")[:32] == value_mac
    tail = (1).to_bytes(8, "big") + b"critical_block"
    lt_hash = hkdf(value_mac, info=b"WhatsApp Patch Integrity", size=128)
    assert hmac.digest(snapshot_key, lt_hash + tail, "sha256") == patch.snapshotMAC
    assert hmac.digest(patch_key, patch.snapshotMAC + value_mac + tail, "sha256") == patch.patchMAC
    action = fields.parse(cbc_decrypt(value_key, sealed[:16], sealed[16:]))
    assert action[1] == b'["setting_pushName"]'
    assert hmac.digest(index_key, b'["setting_pushName"]', "sha256") == record.index.blob
    assert fields.parse(fields.get_blob(fields.parse(fields.get_blob(action, 2)), 7))[1] == b"Ada"


def test_a_collection_gives_what_the_asker_lacks() -> None:
    state = AppState()
    assert state.answer("regular", 0).children() == []
    for version in (1, 2, 3):
        assert state.append("regular", server_sync.SyncdPatch().SerializeToString()) == version
    answer = state.answer("regular", 1)
    assert answer.attrs["version"] == 3
    patches = answer.child("patches")
    assert patches
    versions = [server_sync.SyncdPatch.FromString(patch.data()).version.version for patch in patches.children()]
    assert versions == [2, 3]


def test_a_broken_patch_is_refused_and_leaves_nothing() -> None:
    state = AppState()
    with pytest.raises(DecodeError):
        state.append("regular", b"\xff\xff\xff")
    assert state.answer("regular", 0).attrs["version"] == 0
