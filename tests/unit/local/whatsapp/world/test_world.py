from __future__ import annotations

from local.whatsapp.wire.jid import JID, LID_SERVER
from tests.unit.local.whatsapp.bench import Bench


def test_an_account_exists_from_its_first_mention_and_keeps_its_lid() -> None:
    world = Bench().world
    account = world.account("15550001")
    assert world.account("15550001") is account
    assert world.find(JID("15550001")) is account
    assert world.find(account.lid) is account
    assert Bench().world.account("15550001").lid == account.lid
    assert account.lid.user != "15550001"


def test_asking_for_an_address_makes_accounts_of_numbers_only() -> None:
    world = Bench().world
    assert world.resolve(JID("15550001")) is world.accounts["15550001"]
    for nobody in (JID("12"), JID("0123456"), JID("99999", LID_SERVER), JID("status", "broadcast")):
        assert world.resolve(nobody) is None
    assert list(world.accounts) == ["15550001"]


def test_a_number_that_looks_like_a_lid_is_not_one() -> None:
    world = Bench().world
    account = world.account("15550001")
    assert world.find(JID(account.lid.user)) is None


def test_peers_hear_of_a_new_device_under_the_lid() -> None:
    bench = Bench()
    one, other, stranger = (bench.companion(number) for number in ("15550001", "15550002", "15550003"))
    bench.world.meet(one.account, other.account)
    bench.companion("15550002")
    (notification,) = [n for n in one.received("notification", "devices") if n.jid("from") == other.account.lid]
    assert notification.child("update")
    assert stranger.received("notification", "devices") == []


def test_an_unlinked_device_is_gone() -> None:
    bench = Bench()
    companion = bench.companion("15550001")
    bench.world.unlink_device(companion.device)
    assert bench.world.endpoint(companion.lid) is None
    assert bench.world.companions(companion.account.lid) == []
