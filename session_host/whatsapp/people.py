"""Addresses of WhatsApp: from what callers write to the library's form, and from the library's form to port.Person."""

from __future__ import annotations

from typing import Any

from session_host.whatsapp.port import Person, Rejected
from session_host.whatsapp.text import text_of

USERS, LIDS, GROUPS = "s.whatsapp.net", "lid", "g.us"

_SERVERS = frozenset({USERS, LIDS, GROUPS, "broadcast", "newsletter"})
_LONGEST_PHONE = 15  # digits, by E.164; group ids have more, or a dash


def parse_address(to: str) -> tuple[str, str]:
    """User and server of a jid (a device part is dropped), a group id, or a phone number. Raises Rejected."""
    user, at, server = to.lstrip("+").partition("@")
    user = user.partition(":")[0]
    if not at:
        server = GROUPS if "-" in user or len(user) > _LONGEST_PHONE else USERS
    known = server in _SERVERS and user.replace("-", "").isdigit() and user.isascii()
    if not known and (user, server) != ("status", "broadcast"):
        raise Rejected("invalid_recipient", "this is neither a phone number nor a group id nor a jid")
    return user, server


def address(jid: Any) -> str:
    """The jid of a person or chat, without a device."""
    server = text_of(jid.Server)
    return f"{text_of(jid.User)}@{server}" if jid.User else server


def device_address(jid: Any) -> str:
    """The jid with its device part."""
    if not jid.Device:
        return address(jid)
    return f"{text_of(jid.User)}:{jid.Device}@{text_of(jid.Server)}"


def person(jid: Any, alternative: Any = None, name: str | bytes = "") -> Person:
    """Who `jid` is; `alternative` is the same person's other address, where the library knows it."""
    known = [each for each in (jid, alternative) if each is not None and each.User]
    phone = next((text_of(each.User) for each in known if each.Server == USERS), None)
    lid = next((address(each) for each in known if each.Server == LIDS), None)
    return Person(address(jid), phone, lid, text_of(name) or None)


def chat_of(source: Any) -> str:
    """The chat of a message or receipt: with one person it goes by the phone number where that is known."""
    other = source.RecipientAlt if source.IsFromMe else source.SenderAlt
    use_other = not source.IsGroup and source.Chat.Server == LIDS and other.Server == USERS
    return address(other if use_other else source.Chat)
