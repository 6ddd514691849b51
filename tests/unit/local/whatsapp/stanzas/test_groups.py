from __future__ import annotations

import pytest

from local.whatsapp.wire.jid import GROUPS, JID
from local.whatsapp.wire.node import Content, Node
from tests.unit.local.whatsapp.bench import Bench, Companion


def participants(*numbers: str) -> list[Node]:
    return [Node("participant", {"jid": JID(number)}) for number in numbers]


def make(companion: Companion, *numbers: str) -> JID:
    reply = companion.query("w:g2", "set", Node("create", {"subject": "Team"}, participants(*numbers)), GROUPS)
    group = reply.child("group")
    assert group
    return JID(group.text("id"), "g.us")


def members(companion: Companion, group: JID) -> dict[str, str]:
    info = companion.query("w:g2", "get", Node("query"), group).child("group")
    assert info
    return {str(each.attrs["phone_number"]): each.text("type") for each in info.children() if each.tag == "participant"}


def test_a_new_group_is_told_to_its_members() -> None:
    bench = Bench()
    one, other = bench.companion("15550001"), bench.companion("15550002")
    group = make(one, "15550002", "15550003")
    (notification,) = other.received("notification", "w:gp2")
    assert notification.attrs["from"] == group
    assert notification.child("create", "group") is not None
    assert one.received("notification", "w:gp2") == []
    assert members(other, group) == {
        "15550001@s.whatsapp.net": "superadmin",
        "15550002@s.whatsapp.net": "",
        "15550003@s.whatsapp.net": "",
    }
    groups = other.query("w:g2", "get", Node("participating"), GROUPS).child("groups")
    assert groups
    assert len(groups.children()) == 1


CHANGES: list[tuple[str, Content]] = [
    ("subject", b"New"),
    ("description", [Node("body", {}, b"About")]),
    ("announcement", None),
    ("locked", None),
]


@pytest.mark.parametrize(("tag", "content"), CHANGES)
def test_changes_are_told_and_kept(tag: str, content: Content) -> None:
    bench = Bench()
    one, other = bench.companion("15550001"), bench.companion("15550002")
    group = make(one, "15550002")
    one.query("w:g2", "set", Node(tag, {}, content), group)
    assert other.received("notification", "w:gp2")[-1].child(tag) is not None
    info = other.query("w:g2", "get", Node("query"), group).child("group")
    assert info
    assert info.attrs["subject"] == "New" if tag == "subject" else info.child(tag) is not None


def test_members_come_rise_and_go() -> None:
    bench = Bench()
    one, other = bench.companion("15550001"), bench.companion("15550002")
    group = make(one, "15550002")
    one.query("w:g2", "set", Node("add", {}, participants("15550003")), group)
    one.query("w:g2", "set", Node("promote", {}, participants("15550003")), group)
    assert members(one, group)["15550003@s.whatsapp.net"] == "admin"
    one.query("w:g2", "set", Node("remove", {}, participants("15550003")), group)
    assert "15550003@s.whatsapp.net" not in members(one, group)
    other.query("w:g2", "set", Node("leave", {}, [Node("group", {"id": str(group)})]), GROUPS)
    assert list(members(one, group)) == ["15550001@s.whatsapp.net"]
    assert one.received("notification", "w:gp2")[-1].child("remove") is not None


def test_what_one_may_not_do_is_refused() -> None:
    bench = Bench()
    one, other, stranger = (bench.companion(number) for number in ("15550001", "15550002", "15550003"))
    group = make(one, "15550002")
    for companion, child, code in (
        (other, Node("remove", {}, participants("15550001")), 403),
        (stranger, Node("subject", {}, b"x"), 403),
    ):
        error = companion.query("w:g2", "set", child, group).child("error")
        assert error
        assert error.attrs["code"] == code
    error = one.query("w:g2", "get", Node("query"), JID("1", "g.us")).child("error")
    assert error
    assert error.attrs["code"] == 404
