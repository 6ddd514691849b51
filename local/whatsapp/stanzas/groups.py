"""Namespace `w:g2`, the part that makes and shows groups."""

import hashlib
import secrets

from local.whatsapp.stanzas.query import Answer, Query, RefusedError, need_jid
from local.whatsapp.state.journal import Kind
from local.whatsapp.state.records import GroupRecord
from local.whatsapp.wire.jid import JID
from local.whatsapp.wire.node import Attributes, Node
from local.whatsapp.world.account import Account
from local.whatsapp.world.device import Device
from local.whatsapp.world.group import Group
from local.whatsapp.world.world import World

FIRST_ID = 120_363_000_000_000_000


def create(query: Query) -> Answer:
    account, world = query.account, query.world
    invited = [each for each in query.child.children() if each.tag == "participant"]
    members = [account, *(member for each in invited if (member := _member(world, each)) and member is not account)]
    record = GroupRecord(
        id=str(FIRST_ID + secrets.randbelow(10**12)),
        subject=query.child.text("subject"),
        creator=account.record.lid,
        created=query.now,
        members=[member.record.lid for member in members],
        admins={account.record.lid},
        subject_owner=account.record.lid,
        subject_time=query.now,
    )
    group = Group(record, members)
    world.groups[record.id] = group
    world.changed(Kind.GROUP, record.id)
    created = Node("create", {"type": "new", "reason": "invite"}, [group.node()])
    tell_members(query, group.jid, members, [created])
    return [group.node()]


def info(query: Query) -> Answer:
    return [group_of(query).node()]


def participating(query: Query) -> Answer:
    account = query.account
    return [Node("groups", {}, [group.node() for group in query.world.groups.values() if account in group.members])]


def invite(query: Query) -> Answer:
    group = group_of(query)
    code = hashlib.sha256(f"invite {group.record.id}".encode()).hexdigest()[:22]
    return [Node("invite", {"code": code})]


def group_of(query: Query) -> Group:
    """The group that a query is addressed to, which its sender must be in."""
    group = query.world.groups.get(need_jid(query.node, "to").user)
    if group is None:
        raise RefusedError(404, "item-not-found")
    if query.account not in group.members:
        raise RefusedError(403, "forbidden")
    return group


def tell_members(query: Query, group: JID, members: list[Account], content: list[Node]) -> None:
    """Notifies every device of the members, except the one whose query made the change."""
    account, world = query.account, query.world
    attrs: Attributes = {
        "participant": account.lid,
        "participant_pn": account.pn,
        "addressing_mode": "lid",
        "notify": account.record.name,
    }
    notification = world.notification(group, "w:gp2", content, **attrs)
    for device in _other_devices(query.device, members):
        device.deliver(notification)


def _other_devices(own: Device, members: list[Account]) -> list[Device]:
    return [device for member in members for device in member.devices.values() if device is not own]


def _member(world: World, participant: Node) -> Account | None:
    jid = participant.jid("jid")
    return world.resolve(jid) if jid else None
