"""Queries about the account itself: privacy, blocked contacts, profile, server settings, its devices."""

import json

from local.whatsapp.stanzas.query import Answer, Query, RefusedError, need_jid
from local.whatsapp.state.journal import Kind
from local.whatsapp.wire.node import Node

PRIVACY = ("readreceipts", "last", "profile", "status", "groupadd", "online", "calladd", "messages", "defense")
PICTURE_URL = "https://pps.whatsapp.net/v/picture.png"
LOGOUT_PAUSE = 0.05


def nothing(_query: Query) -> Answer:
    return []


def privacy(_query: Query) -> Answer:
    categories = [Node("category", {"name": name, "value": "all"}) for name in PRIVACY]
    return [Node("privacy", {}, categories)]


def props(_query: Query) -> Answer:
    return [Node("props", {"protocol": "1", "hash": "1", "refresh": "86400", "refresh_id": "1", "ab_key": "1"})]


def mex(_query: Query) -> Answer:
    return [Node("result", {}, json.dumps({"data": {}}).encode())]


def picture(query: Query) -> Answer:
    target = query.node.jid("target") or query.node.jid("to")
    if target is None or query.world.find(target) is None:
        raise RefusedError(404, "item-not-found")
    kind = query.child.text("type") or "image"
    return [Node("picture", {"id": "1001", "type": kind, "url": PICTURE_URL, "direct_path": "/v/picture.png"})]


def blocklist(query: Query) -> Answer:
    items = [Node("item", {"jid": jid}) for jid in query.account.record.blocked]
    return [Node("list", {"dhash": str(len(items))}, items)]


def change_blocklist(query: Query) -> Answer:
    record, jid = query.account.record, need_jid(query.child, "jid").bare()
    rest = [blocked for blocked in record.blocked if blocked != jid]
    record.blocked = [*rest, jid] if query.child.text("action") == "block" else rest
    query.world.changed(Kind.ACCOUNT, record.number)
    return blocklist(query)


def passive(query: Query) -> Answer:
    """The client is ready: what has waited for it flows, and a new companion is greeted."""
    if query.child.tag == "active":
        query.world.later(0, lambda: _activate(query))
    return []


def _activate(query: Query) -> None:
    device = query.device
    link = device.link
    if link is None or device.active:
        return
    waiting = device.activate()
    counts = {tag: sum(node.tag == tag for node in waiting) for tag in ("message", "receipt", "notification")}
    link.send(Node("ib", {}, [Node("offline_preview", {"count": len(waiting), **counts, "appdata": 0})]))
    for node in waiting:
        link.send(node)
    link.send(Node("ib", {}, [Node("offline", {"count": len(waiting)})]))
    query.account.phone.introduce(device.lid)


def remove_device(query: Query) -> Answer:
    """Logout. Only the client's answer goes out: a stream error as well would be read as being kicked."""
    device = query.world.device(need_jid(query.child, "jid"))
    if device is None or device.record.number != query.device.record.number:
        raise RefusedError(404, "item-not-found")
    query.world.unlink_device(device)
    if device.link:
        query.world.later(LOGOUT_PAUSE, device.link.end)
    return []
