"""Namespace `usync`: who is on WhatsApp, under which LID, with which devices."""

import re

from local.whatsapp.stanzas.query import Answer, Query, need
from local.whatsapp.wire.jid import JID
from local.whatsapp.wire.node import Attributes, Node
from local.whatsapp.world.account import Account
from local.whatsapp.world.world import NUMBER

ECHOED = ("sid", "mode", "last", "index", "context")
STATUS = b"Available"
BRAZILIAN = re.compile(r"55([1-9]{2})(9?)([6-9][0-9]{7})")
PICTURE_ID = "1001"


def usync(query: Query) -> Answer:
    request = query.child
    asked, users = need(request, "query"), need(request, "list").children()
    found = [_contact(query, user, asked) if user.child("contact") else _user(query, user, asked) for user in users]
    attrs = {name: request.attrs.get(name) for name in ECHOED}
    return [Node("usync", attrs, [Node("result"), Node("list", {}, found)])]


def _contact(query: Query, user: Node, asked: Node) -> Node:
    """The check of a number, which comes as `+15550001@c.us`."""
    number = need(user, "contact").data()
    query.world.stats.events["numbers_checked"] += 1
    digits = number.decode("utf-8", "replace").split("@")[0].lstrip("+")
    account = _account(query, digits) if NUMBER.fullmatch(digits) else None
    if account is None or not account.record.behaviour.registered:
        return Node("user", {"jid": JID(digits)}, [Node("contact", {"type": "out"}, number)])
    contact = need(asked, "contact")
    attrs: Attributes = {"jid": account.pn}
    if contact.text("addressing_mode") == "lid":
        attrs = {"jid": account.lid, "pn_jid": account.pn}
    return Node("user", attrs, [Node("contact", {"type": "in"}, number), *_details(query, account, asked)])


def _account(query: Query, digits: str) -> Account:
    """As at WhatsApp, a Brazilian mobile number finds its account with and without the ninth digit."""
    accounts, found = query.world.accounts, BRAZILIAN.fullmatch(digits)
    other = (f"55{found[1]}{found[3]}" if found[2] else f"55{found[1]}9{found[3]}") if found else ""
    return accounts[other] if other in accounts and digits not in accounts else query.world.account(digits)


def _user(query: Query, user: Node, asked: Node) -> Node:
    jid = user.jid("jid")
    account = query.world.resolve(jid) if jid else None
    if account is None or not account.record.behaviour.registered:
        return Node("user", {"jid": jid}, [])
    return Node("user", {"jid": jid}, _details(query, account, asked))


def _details(query: Query, account: Account, asked: Node) -> list[Node]:
    details = {
        "devices": _devices(account),
        "lid": Node("lid", {"val": account.lid}),
        "status": Node("status", {"t": query.now}, STATUS),
        "picture": Node("picture", {"id": PICTURE_ID}),
    }
    return [details[each.tag] for each in asked.children() if each.tag in details]


def _devices(account: Account) -> Node:
    ids = [Node("device", {"id": "0"})]
    ids += [Node("device", {"id": number, "key-index": number}) for number in account.devices]
    return Node("devices", {}, [Node("device-list", {}, ids)])
