"""Public keys as they stand in stanzas."""

from local.whatsapp.crypto.keys import DJB_TYPE
from local.whatsapp.signal.bundle import Bundle, PreKey, SignedPreKey
from local.whatsapp.wire.node import Node

KEY_ID_SIZE = 3


def number_bytes(value: int, size: int) -> bytes:
    return value.to_bytes(size, "big")


def key_nodes(bundle: Bundle) -> list[Node]:
    """Type, identity, signed and perhaps one-time key of a bundle."""
    nodes = [Node("type", {}, DJB_TYPE), Node("identity", {}, bundle.identity), skey_node(bundle.signed_prekey)]
    if bundle.one_time:
        nodes.append(Node("key", {}, _key_parts(bundle.one_time)))
    return nodes


def skey_node(key: SignedPreKey) -> Node:
    return Node("skey", {}, [*_key_parts(key), Node("signature", {}, key.signature)])


def read_skey(node: Node) -> SignedPreKey:
    """Raises ValueError when a part is missing."""
    prekey, signature = read_key(node), node.child("signature")
    if signature is None:
        raise ValueError("signed prekey without signature")
    return SignedPreKey(prekey.id, prekey.public, signature.data())


def read_key(node: Node) -> PreKey:
    """Raises ValueError when a part is missing."""
    key_id, value = node.child("id"), node.child("value")
    if key_id is None or value is None:
        raise ValueError("prekey without id or value")
    return PreKey(int.from_bytes(key_id.data(), "big"), value.data())


def _key_parts(key: PreKey | SignedPreKey) -> list[Node]:
    return [Node("id", {}, number_bytes(key.id, KEY_ID_SIZE)), Node("value", {}, key.public)]
