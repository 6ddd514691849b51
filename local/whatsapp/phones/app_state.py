"""App state: settings that all devices of an account share as encrypted patches. The phone writes only the push name;
what companions write is kept for them as it came."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field

from local.whatsapp.crypto.aes import BLOCK, cbc_encrypt
from local.whatsapp.crypto.kdf import hkdf
from local.whatsapp.protos import server_sync
from local.whatsapp.signal.fields import blob, number
from local.whatsapp.wire.node import Attributes, Node

PUSH_NAME_COLLECTION = "critical_block"
PUSH_NAME_INDEX = ["setting_pushName"]
PUSH_NAME_FIELD, ACTION_VERSION = 7, 1
SET = b"\x01"
LT_HASH_SIZE = 128


@dataclass(slots=True)
class AppState:
    """Collection name -> its patches; a collection's version is their number."""

    collections: dict[str, list[bytes]] = field(default_factory=dict)

    def answer(self, name: str, known_version: int) -> Node:
        """The collection with the patches that a device which knows `known_version` lacks."""
        patches = self.collections.get(name, [])
        missing = [Node("patch", {}, patch) for patch in patches[known_version:]]
        attrs: Attributes = {"name": name, "version": len(patches), "has_more_patches": "false"}
        return Node("collection", attrs, [Node("patches", {}, missing)] if missing else [])

    def append(self, name: str, raw: bytes) -> int:
        """Adds a companion's patch; the new version. Raises protobuf's DecodeError."""
        patch = server_sync.SyncdPatch.FromString(raw)
        patches = self.collections.setdefault(name, [])
        patch.version.version = len(patches) + 1
        patches.append(patch.SerializeToString())
        return len(patches)


def push_name_patch(key_id: bytes, key: bytes, name: str, now_ms: int) -> bytes:
    """The first patch of the collection that holds the push name."""
    keys = hkdf(key, info=b"WhatsApp Mutation Keys", size=160)
    index_key, value_key, value_mac_key, snapshot_key, patch_key = (keys[i : i + 32] for i in range(0, 160, 32))
    index = json.dumps(PUSH_NAME_INDEX).encode()
    value, value_mac = _sealed_value(key_id, value_key, value_mac_key, _action(index, name, now_ms))
    tail = (1).to_bytes(8, "big") + PUSH_NAME_COLLECTION.encode()
    # The hash of a collection is the sum of its values' expansions; this is the first one, so the sum is itself.
    lt_hash = hkdf(value_mac, info=b"WhatsApp Patch Integrity", size=LT_HASH_SIZE)
    snapshot_mac = hmac.digest(snapshot_key, lt_hash + tail, "sha256")
    record = server_sync.SyncdRecord(
        index=server_sync.SyncdIndex(blob=hmac.digest(index_key, index, "sha256")),
        value=server_sync.SyncdValue(blob=value + value_mac),
        keyID=server_sync.KeyId(ID=key_id),
    )
    mutation = server_sync.SyncdMutation(operation=server_sync.SyncdMutation.SET, record=record)
    patch: bytes = server_sync.SyncdPatch(
        version=server_sync.SyncdVersion(version=1),
        mutations=[mutation],
        snapshotMAC=snapshot_mac,
        patchMAC=hmac.digest(patch_key, snapshot_mac + value_mac + tail, "sha256"),
        keyID=server_sync.KeyId(ID=key_id),
    ).SerializeToString()
    return patch


def _action(index: bytes, name: str, now_ms: int) -> bytes:
    """A SyncActionData, by hand: neonize ships a waSyncAction module that cannot be imported."""
    setting = blob(PUSH_NAME_FIELD, blob(1, name.encode()))
    return blob(1, index) + blob(2, number(1, now_ms) + setting) + blob(3, b"") + number(4, ACTION_VERSION)


def _sealed_value(key_id: bytes, value_key: bytes, mac_key: bytes, action: bytes) -> tuple[bytes, bytes]:
    iv = secrets.token_bytes(BLOCK)
    sealed = iv + cbc_encrypt(value_key, iv, action)
    length = (len(key_id) + 1).to_bytes(8, "big")
    mac = hmac.digest(mac_key, SET + key_id + sealed + length, hashlib.sha512)[:32]
    return sealed, mac
