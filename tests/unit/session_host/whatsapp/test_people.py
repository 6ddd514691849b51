from __future__ import annotations

from typing import Any

import pytest

from session_host.whatsapp.library import protobuf_module
from session_host.whatsapp.people import chat_of, device_address, parse_address, person
from session_host.whatsapp.port import Person, Rejected

neonize: Any = protobuf_module("Neonize_pb2")


def jid(text: str) -> Any:
    user, _, server = text.partition("@")
    name, _, device = user.partition(":")
    return neonize.JID(User=name, Device=int(device or 0), Server=server, RawAgent=0, Integrator=0, IsEmpty=not text)


def source(chat: str, sender_alt: str = "", recipient_alt: str = "", from_me: bool = False, group: bool = False) -> Any:
    return neonize.MessageSource(
        Chat=jid(chat),
        SenderAlt=jid(sender_alt),
        RecipientAlt=jid(recipient_alt),
        IsFromMe=from_me,
        IsGroup=group,
    )


@pytest.mark.parametrize(
    ("to", "user", "server"),
    [
        ("4915550001", "4915550001", "s.whatsapp.net"),
        ("+4915550001", "4915550001", "s.whatsapp.net"),
        ("4915550001:3@s.whatsapp.net", "4915550001", "s.whatsapp.net"),
        ("170165243805084@lid", "170165243805084", "lid"),
        ("120363041234567890", "120363041234567890", "g.us"),
        ("120363041234567890@g.us", "120363041234567890", "g.us"),
        ("4915550001-1609459200", "4915550001-1609459200", "g.us"),
        ("status@broadcast", "status", "broadcast"),
    ],
)
def test_addresses_are_understood(to: str, user: str, server: str) -> None:
    assert parse_address(to) == (user, server)


@pytest.mark.parametrize("to", ["", "+", "@", "shop", "49 155", "4915@example.com", "status@lid", "-", "\u0664\u0669"])
def test_what_is_no_address_is_refused(to: str) -> None:
    with pytest.raises(Rejected):
        parse_address(to)


def test_a_person_has_the_phone_and_the_lid_whichever_way_round_they_come() -> None:
    phone, lid = jid("4915550001:2@s.whatsapp.net"), jid("1701:2@lid")

    assert person(lid, phone, "Ana") == Person("1701@lid", "4915550001", "1701@lid", "Ana")
    assert person(phone, lid) == Person("4915550001@s.whatsapp.net", "4915550001", "1701@lid", None)
    assert person(lid, jid("")) == Person("1701@lid", None, "1701@lid", None)


def test_the_device_is_kept_where_it_matters() -> None:
    assert device_address(jid("4915550001:2@s.whatsapp.net")) == "4915550001:2@s.whatsapp.net"
    assert device_address(jid("4915550001@s.whatsapp.net")) == "4915550001@s.whatsapp.net"


def test_a_chat_goes_by_the_other_ones_phone_number() -> None:
    assert chat_of(source("1701@lid", sender_alt="4915550001@s.whatsapp.net")) == "4915550001@s.whatsapp.net"
    mine = source("1702@lid", "4915550009@s.whatsapp.net", "4915550002@s.whatsapp.net", from_me=True)
    assert chat_of(mine) == "4915550002@s.whatsapp.net"
    assert chat_of(source("1701@lid")) == "1701@lid"
    group = source("120363041234567890@g.us", "4915550001@s.whatsapp.net", group=True)
    assert chat_of(group) == "120363041234567890@g.us"
