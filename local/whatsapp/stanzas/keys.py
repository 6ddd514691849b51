"""Namespace `encrypt`: prekeys up, bundles down."""

import hashlib

from local.whatsapp.crypto.keys import DJB_TYPE
from local.whatsapp.signal.bundle import PreKey, SignedPreKey
from local.whatsapp.signal.nodes import key_nodes, number_bytes, read_key, read_skey, skey_node
from local.whatsapp.stanzas.query import Answer, Query, RefusedError, need, need_jid
from local.whatsapp.wire.node import Node

# A new client that is told of none makes 812 keys, which takes it seconds; told of a few, it makes 50.
COUNT_FOR_NEW_DEVICES = 5


def count(query: Query) -> Answer:
    left = len(query.device.record.prekeys)
    return [Node("count", {"value": left or COUNT_FOR_NEW_DEVICES})]


def upload(query: Query) -> Answer:
    node = query.node
    prekeys = [_read_key(key) for key in need(node, "list").children()]
    identity, registration = need(node, "identity").data(), need(node, "registration").data()
    query.device.upload(identity, int.from_bytes(registration, "big"), _read_skey(need(node, "skey")), prekeys)
    return []


def rotate(query: Query) -> Answer:
    query.device.rotate(_read_skey(need(query.child, "skey")))
    return []


def digest(query: Query) -> Answer:
    """What the server holds; a client that differs uploads again."""
    record = query.device.record
    ids = [Node("id", {}, number_bytes(key.id, 3)) for key in record.prekeys]
    hashed = hashlib.sha1(b"".join(key.public for key in record.prekeys), usedforsecurity=False).digest()
    keys = [
        Node("registration", {}, number_bytes(record.registration_id, 4)),
        Node("type", {}, DJB_TYPE),
        Node("identity", {}, record.identity),
        skey_node(record.signed_prekey),
        Node("list", {}, ids),
        Node("hash", {}, hashed),
    ]
    return [Node("digest", {}, keys)]


def bundles(query: Query) -> Answer:
    return [Node("list", {}, [_bundle(query, user) for user in query.child.children()])]


def _bundle(query: Query, user: Node) -> Node:
    jid = need_jid(user, "jid")
    endpoint = query.world.endpoint(jid)
    if endpoint is None:
        return Node("user", {"jid": jid}, [Node("error", {"code": "404", "text": "item-not-found"})])
    bundle = endpoint.bundle()
    registration = Node("registration", {}, number_bytes(bundle.registration_id, 4))
    return Node("user", {"jid": jid}, [registration, *key_nodes(bundle)])


def _read_key(node: Node) -> PreKey:
    try:
        return read_key(node)
    except ValueError as error:
        raise RefusedError(400, "bad-request") from error


def _read_skey(node: Node) -> SignedPreKey:
    try:
        return read_skey(node)
    except ValueError as error:
        raise RefusedError(400, "bad-request") from error
