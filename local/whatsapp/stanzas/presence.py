"""Who is online, and who is typing. Nobody acknowledges these, and nobody keeps them."""

from __future__ import annotations

from local.whatsapp.state.journal import Kind
from local.whatsapp.wire.jid import GROUP_SERVER, JID
from local.whatsapp.wire.node import Attributes, Node
from local.whatsapp.world.account import Account
from local.whatsapp.world.device import Device
from local.whatsapp.world.world import World


def handle(world: World, device: Device, node: Node) -> None:
    account = world.accounts[device.record.number]
    if node.text("type") == "subscribe":
        _subscribe(world, device, node.jid("to"))
        return
    device.available = node.text("type") != "unavailable"
    name = node.text("name")
    if name and name != account.record.name:
        account.record.name = name
        world.changed(Kind.ACCOUNT, account.number)
    tell_watchers(account, world.now())


def tell_watchers(account: Account, now: float) -> None:
    """Sends the account's presence to the devices that asked for it."""
    for watcher in account.watchers:
        watcher.deliver(_presence(account, account.lid, int(now)))


def handle_chat_state(world: World, device: Device, node: Node) -> None:
    to = node.jid("to")
    if to is None:
        return
    own = device.lid.bare()
    if to.server == GROUP_SERVER:
        group = world.groups.get(to.user)
        members = group.members if group else []
        attrs: Attributes = {"from": to, "participant": own}
    else:
        account = world.find(to)
        members = [account] if account else []
        attrs = {"from": own}
    for member in members:
        if member.number != device.record.number:
            world.deliver_all(world.companions(member.lid), Node("chatstate", attrs, node.content))


def _subscribe(world: World, device: Device, to: JID | None) -> None:
    account = world.find(to) if to else None
    if to and account:
        account.watchers.add(device)
        device.deliver(_presence(account, to, None))


def _presence(account: Account, sender: JID, last: int | None) -> Node:
    if account.online:
        return Node("presence", {"from": sender})
    return Node("presence", {"from": sender, "type": "unavailable", "last": last or "deny"})
