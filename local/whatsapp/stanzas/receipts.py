"""Receipts of companions: acknowledged, and passed on to whom they concern."""

from __future__ import annotations

from local.whatsapp.wire.jid import GROUP_SERVER, JID
from local.whatsapp.wire.node import Attributes, Node
from local.whatsapp.world.account import Account
from local.whatsapp.world.device import Device
from local.whatsapp.world.world import World

OWN_ONLY = ("peer_msg", "hist_sync", "sender", "inactive")
FROM_DEVICE = ("", "retry", "inactive")


def handle(world: World, device: Device, node: Node) -> None:
    to, kind = node.jid("to"), node.text("type")
    if to is None:
        return
    if kind != "retry":
        # A receipt settles the message too: some clients send no ack for it.
        device.settle_message(node.text("id"))
    if device.link:
        device.link.send(_ack(world, node, to))
    if kind in OWN_ONLY and to.user in ("", device.lid.user, device.pn.user):
        return
    attrs: Attributes = {"id": node.text("id"), "type": kind, "t": node.text("t") or int(world.now())}
    if to.server == GROUP_SERVER:
        attrs |= {"from": to, "participant": device.lid, "participant_pn": device.pn}
        receivers = _receivers(world, node.jid("participant"), kind)
    else:
        attrs["from"] = device.lid if kind in FROM_DEVICE else device.lid.bare()
        receivers = _receivers(world, to, kind)
    world.deliver_all(receivers, Node("receipt", attrs, node.content))


def _receivers(world: World, author: JID | None, kind: str) -> list[JID]:
    """The device that wrote the message; all of its account when the receipt names no device."""
    account = world.find(author) if author else None
    if author is None or account is None:
        return []
    if author.device or kind == "retry":
        return [author]
    return [account.lid, *_companions(account)]


def _companions(account: Account) -> list[JID]:
    return [device.lid for device in account.devices.values()]


def _ack(world: World, node: Node, to: JID) -> Node:
    attrs: Attributes = {
        "class": "receipt",
        "id": node.text("id"),
        "from": to,
        "type": node.text("type"),
        "participant": node.attrs.get("participant"),
        "t": int(world.now()),
    }
    return Node("ack", attrs)
