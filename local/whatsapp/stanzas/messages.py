"""Messages of companions: each device of the receivers gets its own part."""

from __future__ import annotations

import secrets

from local.whatsapp.wire.jid import GROUP_SERVER, JID, LID_SERVER, PN_SERVER
from local.whatsapp.wire.node import Attributes, Node
from local.whatsapp.world.account import Account
from local.whatsapp.world.device import Device
from local.whatsapp.world.world import World

FORWARDED = ("meta", "biz", "bot", "reporting", "franking")
Parts = dict[JID, list[Node]]
"""Device -> the `enc` elements made for it."""


def handle(world: World, device: Device, node: Node) -> None:
    """Acknowledges a message first, since its sender waits for that, then passes it on."""
    to = node.jid("to")
    if to is None:
        return
    group = world.groups.get(to.user) if to.server == GROUP_SERVER else None
    error = "404" if to.server == GROUP_SERVER and group is None else None
    ack: Attributes = {"class": "message", "id": node.text("id"), "from": to, "t": int(world.now()), "error": error}
    if device.link:
        device.link.send(Node("ack", ack))
    account = world.accounts[device.record.number]
    if group:
        _to_group(world, device, node, group.members)
    elif node.text("category") == "peer":
        account.phone.deliver(node.with_attrs(**{"from": device.lid}))
    elif to.server in (LID_SERVER, PN_SERVER):
        _to_person(world, device, account, node, to)


def _to_person(world: World, device: Device, account: Account, node: Node, to: JID) -> None:
    chat = world.find(to)
    for jid, encs in _parts(node, to).items():
        receiver = world.find(jid)
        if receiver is None:
            continue
        if receiver is account:
            attrs = _own_copy(device, node, chat)
        else:
            attrs = {"from": device.lid, "sender_pn": account.pn, "addressing_mode": "lid"}
            world.meet(account, receiver)
        world.deliver(jid, _delivered(world, account, node, attrs, encs))


def _own_copy(device: Device, node: Node, chat: Account | None) -> Attributes:
    recipient = node.jid("recipient") or (chat.lid if chat else node.jid("to"))
    pn = node.jid("peer_recipient_pn") or (chat.pn if chat else None)
    return {"from": device.lid, "recipient": recipient, "peer_recipient_pn": pn, "addressing_mode": "lid"}


def _to_group(world: World, device: Device, node: Node, members: list[Account]) -> None:
    account = world.accounts[device.record.number]
    own: Attributes = {"participant": device.lid, "participant_pn": device.pn, "addressing_mode": "lid"}
    attrs: Attributes = {"from": node.jid("to"), **own}
    common = [each for each in node.children() if each.tag == "enc"]
    only = node.jid("participant")  # a message repeated for one device that could not read it
    parts = {} if only else _parts(node, None)
    receivers = [only] if only else [jid for member in members for jid in _devices(member) if jid != device.lid]
    for jid in receivers:
        # The sender key is in the device's own part, so that must come first.
        world.deliver(jid, _delivered(world, account, node, attrs, parts.get(jid, []) + common))


def _devices(account: Account) -> list[JID]:
    return [account.lid, *(device.lid for device in account.devices.values())]


def _parts(node: Node, to: JID | None) -> Parts:
    """`to` gets what is addressed to no device in particular: a message repeated for one device has no list."""
    participants = node.child("participants")
    if participants is None:
        return {to: [each for each in node.children() if each.tag == "enc"]} if to else {}
    return {jid: each.children() for each in participants.children() if (jid := each.jid("jid"))}


def _delivered(world: World, sender: Account, node: Node, attrs: Attributes, encs: list[Node]) -> Node:
    identity = node.child("device-identity")
    opening = identity is not None and any(enc.text("type") == "pkmsg" for enc in encs)
    content = [*encs, *([identity] if opening and identity else [])]
    content += [each for each in node.children() if each.tag in FORWARDED]
    stanza: Attributes = {
        "id": node.text("id") or secrets.token_hex(8).upper(),
        "type": node.text("type") or "text",
        "t": int(world.now()),
        "notify": sender.record.name,
        "edit": node.attrs.get("edit"),
    }
    return Node("message", {**stanza, **attrs}, content)
