from __future__ import annotations

from local.whatsapp.wire.jid import JID
from local.whatsapp.wire.node import Node
from tests.unit.local.whatsapp.bench import Bench, Companion


def ask(companion: Companion, query: list[Node], users: list[Node]) -> list[Node]:
    request = Node("usync", {"sid": "s1", "mode": "query"}, [Node("query", {}, query), Node("list", {}, users)])
    reply = companion.query("usync", "get", request)
    answer, found = reply.child("usync"), reply.child("usync", "list")
    assert answer
    assert found
    assert answer.attrs["sid"] == "s1"
    return found.children()


def check(companion: Companion, number: str, mode: str | None = "lid") -> Node:
    contact = Node("contact", {"addressing_mode": mode})
    (user,) = ask(companion, [contact], [Node("user", {}, [Node("contact", {}, number.encode())])])
    return user


def test_devices_and_lid_of_a_number_never_mentioned() -> None:
    companion = Bench().companion("15550001")
    (user,) = ask(companion, [Node("devices"), Node("lid")], [Node("user", {"jid": JID("15550009")})])
    account = companion.bench.world.accounts["15550009"]
    lid, devices = user.child("lid"), user.child("devices", "device-list")
    assert user.attrs["jid"] == JID("15550009")
    assert lid
    assert devices
    assert lid.attrs["val"] == account.lid
    assert [device.text("id") for device in devices.children()] == ["0"]


def test_all_devices_are_listed_by_lid_as_well() -> None:
    bench = Bench()
    companion = bench.companion("15550001")
    bench.companion("15550002")
    other = bench.companion("15550002")
    (user,) = ask(companion, [Node("devices")], [Node("user", {"jid": other.account.lid})])
    devices = user.child("devices", "device-list")
    assert devices
    assert [(each.text("id"), each.text("key-index")) for each in devices.children()] == [
        ("0", ""),
        ("1", "1"),
        ("2", "2"),
    ]


def test_a_brazilian_number_finds_its_account_with_and_without_the_ninth_digit() -> None:
    companion = Bench().companion("15550001")
    for known, other in (("551187654321", "5511987654321"), ("5541991234567", "554191234567")):
        account = companion.bench.world.account(known)
        for number in (known, other):
            user = check(companion, f"+{number}@c.us")
            assert (user.attrs["jid"], user.attrs["pn_jid"]) == (account.lid, account.pn)
        assert other not in companion.bench.world.accounts


def test_a_number_check() -> None:
    companion = Bench().companion("15550001")
    user = check(companion, "+15550009@c.us")
    account = companion.bench.world.accounts["15550009"]
    contact = user.child("contact")
    assert contact
    assert (user.attrs["jid"], user.attrs["pn_jid"]) == (account.lid, account.pn)
    assert (contact.text("type"), contact.content) == ("in", b"+15550009@c.us")
    assert check(companion, "+15550009@c.us", None).attrs["jid"] == account.pn


def test_numbers_that_are_not_on_whatsapp() -> None:
    bench = Bench()
    companion = bench.companion("15550001")
    bench.account("15550008").record.behaviour.registered = False
    for number in ("+15550008@c.us", "+12@c.us", "+0555000@c.us", "nonsense"):
        contact = check(companion, number).child("contact")
        assert contact
        assert contact.text("type") == "out"
    (user,) = ask(companion, [Node("devices"), Node("lid")], [Node("user", {"jid": JID("15550008")})])
    assert user.children() == []
