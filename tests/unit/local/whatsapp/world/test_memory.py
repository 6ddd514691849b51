"""A world written down and rebuilt is the same to everybody in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.whatsapp.state.database import Database
from local.whatsapp.state.journal import Kind
from local.whatsapp.state.records import Refusal
from local.whatsapp.wire.jid import GROUPS, JID
from local.whatsapp.wire.node import Node
from local.whatsapp.world.memory import distrust_ratchets, render, restore
from tests.unit.local.whatsapp.bench import Bench, Companion


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "state.db")
    database.begin()
    yield database
    database.end()


def rebuilt(bench: Bench, database: Database) -> Bench:
    database.write(render(bench.world, bench.world.journal.take()))
    fresh = Bench()
    restore(fresh.world, database)
    return fresh


def moved(companion: Companion, bench: Bench) -> Companion:
    """The same companion, connected to the rebuilt world."""
    companion.bench = bench
    companion.account = bench.account(companion.account.number)
    companion.device = companion.account.devices[companion.device.record.id]
    companion.connect()
    return companion


def test_sessions_go_on_in_both_directions(database: Database) -> None:
    bench = Bench()
    companion, friend = bench.companion("15550001"), bench.account("15550009")
    companion.write(friend, "before")
    friend.phone.write(companion.account.lid, "answer")
    companion.read(companion.received("message")[0])
    fresh = rebuilt(bench, database)
    companion = moved(companion, fresh)
    companion.link.sent.clear()
    companion.write(fresh.account("15550009"), "after")
    letters = fresh.account("15550009").phone.inbox.letters
    assert [letter.text for letter in letters] == ["before", "after"]
    fresh.account("15550009").phone.write(companion.account.lid, "and back")
    assert companion.read(companion.received("message")[0]).conversation == "and back"


def test_records_come_back_as_they_were(database: Database) -> None:
    bench = Bench()
    companion = bench.companion("15550001")
    account = companion.account
    account.record.refusal = Refusal("403", 2)
    account.record.behaviour.reply = "ja"
    account.record.blocked = [JID("15550007")]
    account.phone.keep_patch("regular", b"")
    bench.world.changed(Kind.ACCOUNT, "15550001")
    fresh = rebuilt(bench, database)
    again = fresh.account("15550001")
    assert again.record == account.record
    assert again.devices[1].record == companion.device.record
    assert again.phone.app_state == account.phone.app_state


def test_what_waits_for_a_device_still_waits(database: Database) -> None:
    bench = Bench()
    companion, friend = bench.companion("15550001", connect=False), bench.account("15550009")
    for text in ("one", "two"):
        friend.phone.write(companion.account.lid, text)
    companion = moved(companion, rebuilt(bench, database))
    assert [companion.read(node).conversation for node in companion.received("message")] == ["one", "two"]


def test_a_resend_is_possible_after_the_restart(database: Database) -> None:
    bench = Bench()
    companion, friend = bench.companion("15550001"), bench.account("15550009")
    message_id = friend.phone.write(companion.account.lid, "text")
    companion = moved(companion, rebuilt(bench, database))
    companion.link.sent.clear()
    companion.stanza(Node("receipt", {"id": message_id, "to": friend.lid, "type": "retry"}))
    assert companion.read(companion.received("message")[0]).conversation == "text"


def test_groups_keep_their_members(database: Database) -> None:
    bench = Bench()
    companion = bench.companion("15550001")
    members = [Node("participant", {"jid": JID("15550002")})]
    companion.query("w:g2", "set", Node("create", {"subject": "Team"}, members), GROUPS)
    (group,) = rebuilt(bench, database).world.groups.values()
    assert group.record.subject == "Team"
    assert [member.number for member in group.members] == ["15550001", "15550002"]


def test_a_removed_device_does_not_come_back(database: Database) -> None:
    bench = Bench()
    companion = bench.companion("15550001")
    rebuilt(bench, database)
    bench.world.unlink_device(companion.device)
    assert rebuilt(bench, database).account("15550001").devices == {}


def test_after_a_crash_phones_open_new_sessions(database: Database) -> None:
    bench = Bench()
    companion, friend = bench.companion("15550001"), bench.account("15550009")
    companion.write(friend, "before")
    friend.phone.write(companion.account.lid, "answer")
    companion.read(companion.received("message")[0])
    fresh = rebuilt(bench, database)
    friend.phone.write(companion.account.lid, "sent after the last record was written")
    distrust_ratchets(fresh.world)
    companion = moved(companion, fresh)
    companion.link.sent.clear()
    fresh.account("15550009").phone.write(companion.account.lid, "after")
    (message,) = companion.received("message")
    enc = message.child("enc")
    assert enc
    assert enc.attrs["type"] == "pkmsg"
