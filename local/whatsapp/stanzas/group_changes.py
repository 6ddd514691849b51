"""Namespace `w:g2`, the part that changes groups: each change is kept, answered, and told to the members."""

from __future__ import annotations

from collections.abc import Callable

from local.whatsapp.stanzas.groups import group_of, tell_members
from local.whatsapp.stanzas.query import Answer, Query, RefusedError
from local.whatsapp.state.journal import Kind
from local.whatsapp.wire.node import Node
from local.whatsapp.world.account import Account
from local.whatsapp.world.group import Group

Change = Callable[[Query, Group], Node]
"""Makes a change; what the members are told of it."""


def change(query: Query) -> Answer:
    group = group_of(query)
    make = CHANGES.get(query.child.tag)
    if make is None:
        query.world.stats.unknown[f"w:g2/set/{query.child.tag}"] += 1
        return []
    before = list(group.members)
    told = make(query, group)
    _keep(query, group)
    everyone = [*before, *(member for member in group.members if member not in before)]
    tell_members(query, group.jid, everyone, [told])
    return [Node(told.tag, {}, told.content)] if query.child.tag in MEMBERSHIP else []


def leave(query: Query) -> Answer:
    """One query may leave several groups; it is addressed to none of them."""
    left = []
    for each in query.child.children():
        group = query.world.groups.get(each.text("id").split("@")[0])
        if group and query.account in group.members:
            before = list(group.members)
            told = _remove_members(group, [query.account])
            _keep(query, group)
            tell_members(query, group.jid, before, [told])
        left.append(Node("group", {"id": each.attrs.get("id")}))
    return [Node("leave", {}, left)]


def _keep(query: Query, group: Group) -> None:
    group.record.members = [member.record.lid for member in group.members]
    query.world.changed(Kind.GROUP, group.record.id)


def _subject(query: Query, group: Group) -> Node:
    record, account = group.record, query.account
    record.subject = query.child.data().decode("utf-8", "replace")
    record.subject_owner, record.subject_time = account.record.lid, query.now
    return Node("subject", {"subject": record.subject, "s_o": account.lid, "s_t": query.now})


def _description(query: Query, group: Group) -> Node:
    body = query.child.child("body")
    group.record.description = body.data().decode("utf-8", "replace") if body else ""
    return Node("description", {"id": query.child.text("id") or "1"}, [body] if body else None)


def _announcement(query: Query, group: Group) -> Node:
    group.record.announcement = query.child.tag == "announcement"
    return Node(query.child.tag)


def _lock(query: Query, group: Group) -> Node:
    group.record.locked = query.child.tag == "locked"
    return Node(query.child.tag)


def _add(query: Query, group: Group) -> Node:
    added = [account for account in _named(query) if account not in group.members]
    group.members += added
    return Node("add", {}, [group.participant(account) for account in added])


def _remove(query: Query, group: Group) -> Node:
    _must_be_admin(query, group)
    return _remove_members(group, [account for account in _named(query) if account in group.members])


def _promote(query: Query, group: Group) -> Node:
    _must_be_admin(query, group)
    members = [account for account in _named(query) if account in group.members]
    group.record.admins |= {account.record.lid for account in members}
    return Node("promote", {}, [group.participant(account) for account in members])


def _demote(query: Query, group: Group) -> Node:
    _must_be_admin(query, group)
    members = [account for account in _named(query) if account in group.members]
    group.record.admins -= {account.record.lid for account in members}
    return Node("demote", {}, [group.participant(account) for account in members])


def _remove_members(group: Group, leaving: list[Account]) -> Node:
    shown = [group.participant(account) for account in leaving]
    group.members = [member for member in group.members if member not in leaving]
    group.record.admins -= {account.record.lid for account in leaving}
    return Node("remove", {}, shown)


def _named(query: Query) -> list[Account]:
    jids = [each.jid("jid") for each in query.child.children() if each.tag == "participant"]
    return [account for jid in jids if jid and (account := query.world.resolve(jid))]


def _must_be_admin(query: Query, group: Group) -> None:
    if query.account.record.lid not in group.record.admins:
        raise RefusedError(403, "forbidden")


MEMBERSHIP = ("add", "remove", "promote", "demote")
CHANGES: dict[str, Change] = {
    "subject": _subject,
    "description": _description,
    "announcement": _announcement,
    "not_announcement": _announcement,
    "locked": _lock,
    "unlocked": _lock,
    "add": _add,
    "remove": _remove,
    "promote": _promote,
    "demote": _demote,
}
