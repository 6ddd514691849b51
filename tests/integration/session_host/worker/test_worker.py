"""A partition's owner as its users see it: states, messages and events in DynamoDB, commands through SQS."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import cast

import pytest

from session_host.whatsapp.port import (
    Connected,
    Disconnected,
    EndReason,
    MessageReceived,
    NotConnected,
    OutcomeUnknown,
    Person,
    ReceiptKind,
    ReceiptReceived,
    Rejected,
    SessionEnded,
)
from session_host.worker.commands import HANDLERS, Handler
from session_host.worker.ledger import Fenced
from shared.models.command import CommandKind
from shared.models.instance import Instance, InstanceState
from shared.models.message import MessageState
from shared.store.cache import CacheKind
from tests.fakes.whatsapp import FakePairingDesk
from tests.integration.session_host.worker.conftest import Bench, eventually

ANNA = Person("4915550002@s.whatsapp.net", "4915550002", "94915@lid", "Anna")


def received(wa_id: str, text: str = "hello", **more: object) -> MessageReceived:
    return MessageReceived(wa_id, "4915550002@s.whatsapp.net", ANNA, 1_800_000_000.0, "text", text, **more)  # type: ignore[arg-type]


async def test_an_instance_pairs_connects_and_sends(bench: Bench) -> None:
    instance = await bench.create()
    async with bench.worker():
        await bench.command(CommandKind.PAIR, instance.key)
        qr = await eventually(lambda: bench.cache.get(CacheKind.QR, str(instance.key)))
        assert qr["code"].startswith("2@fake")
        assert qr["expires_at"] <= bench.clock.unix() + 30
        bench.desk.of(str(instance.key)).scan("4915550001")
        connected = await bench.instance_is(instance.key, InstanceState.CONNECTED)
        assert (connected.phone, connected.linked, connected.host) == ("4915550001", True, "host-a")
        assert await bench.cache.get(CacheKind.QR, str(instance.key)) is None
        message_id = await bench.send(instance.key, "hi there")
        sent = await bench.message_is(instance.key, message_id, MessageState.SENT)
        assert [step.state for step in sent.timeline] == ["accepted", "queued", "sending", "sent"]
        assert bench.whatsapp.of(str(instance.key)).sent == [("4915550002", "hi there")]
    events = await bench.logged(instance.key)
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert [e["data"].get("state", e["type"]) for e in events] == [
        "pairing",
        "instance.qr",
        "connecting",
        "connected",
        "message.sent",
    ]
    assert [task.event.count('"id":"evt_') for task in await bench.delivered()] == [1] * len(events)
    journal, _ = await bench.events.journal(str(instance.key), 10)
    assert [entry.state for entry in journal] == ["connected", "connecting", "pairing"]


async def test_messages_of_one_instance_go_out_in_order_and_a_refusal_stops_none(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    key = str(instance.key)
    bench.whatsapp.script(key).fail_next(Rejected("463", "too many new chats"))
    async with bench.worker():
        ids = [await bench.send(instance.key, f"n{n}") for n in range(12)]
        await bench.message_is(instance.key, ids[-1], MessageState.SENT)
        refused = await bench.message_is(instance.key, ids[0], MessageState.FAILED)
        assert refused.error is not None
        assert refused.error.code == "463"
        assert [text for _, text in bench.whatsapp.of(key).sent] == [f"n{n}" for n in range(1, 12)]


async def test_a_reconnecting_instance_keeps_messages_and_sends_them_later(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    key = str(instance.key)
    async with bench.worker():
        await bench.instance_is(instance.key, InstanceState.CONNECTED)
        bench.whatsapp.of(key).signal(Disconnected("closed"))
        reconnecting = await bench.instance_is(instance.key, InstanceState.CONNECTING)
        assert reconnecting.reason is not None
        assert reconnecting.reason.code == "connection_lost"
        message_id = await bench.send(instance.key)
        await bench.message_is(instance.key, message_id, MessageState.QUEUED)
        bench.whatsapp.of(key).signal(Connected(ANNA))
        await bench.message_is(instance.key, message_id, MessageState.SENT)


async def test_a_command_reaches_an_instance_whose_messages_wait(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    key = str(instance.key)
    async with bench.worker():
        await bench.instance_is(instance.key, InstanceState.CONNECTED)
        bench.whatsapp.of(key).signal(SessionEnded(EndReason.STREAM_REPLACED))
        down = await bench.instance_is(instance.key, InstanceState.DISCONNECTED)
        assert down.reason is not None
        assert down.reason.code == "stream_replaced"
        message_id = await bench.send(instance.key)
        await bench.message_is(instance.key, message_id, MessageState.QUEUED)
        assert (await bench.result(await bench.command(CommandKind.RESTART, instance.key)))["ok"]
        await bench.message_is(instance.key, message_id, MessageState.SENT)
    assert len(bench.whatsapp.sessions) == 2


async def test_a_message_past_its_deadline_fails_and_is_never_sent(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    bench.whatsapp.script(str(instance.key), connects=False)
    async with bench.worker():
        message_id = await bench.send(instance.key, deadline=bench.clock.unix() + 1)
        failed = await bench.message_is(instance.key, message_id, MessageState.FAILED)
        assert failed.error is not None
        assert failed.error.code == "expired"
        bench.whatsapp.of(str(instance.key)).signal(Connected(ANNA))
        later = await bench.send(instance.key, "later")
        await bench.message_is(instance.key, later, MessageState.SENT)
    assert [text for _, text in bench.whatsapp.of(str(instance.key)).sent] == ["later"]


async def test_receipts_move_a_message_on_whenever_they_come(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    key = str(instance.key)
    async with bench.worker():
        await bench.instance_is(instance.key, InstanceState.CONNECTED)
        whatsapp_id = f"WA{bench.whatsapp.of(key).script.phone}1"

        def receipt(kind: ReceiptKind) -> ReceiptReceived:
            return ReceiptReceived((whatsapp_id,), kind, ANNA.jid, ANNA, bench.clock.unix())

        bench.whatsapp.of(key).signal(receipt(ReceiptKind.DELIVERED))  # before we know the id
        message_id = await bench.send(instance.key)
        await bench.message_is(instance.key, message_id, MessageState.DELIVERED)
        bench.whatsapp.of(key).signal(receipt(ReceiptKind.READ))
        bench.whatsapp.of(key).signal(receipt(ReceiptKind.DELIVERED))
        read = await bench.message_is(instance.key, message_id, MessageState.READ)
        assert [step.state for step in read.timeline][-3:] == ["sent", "delivered", "read"]
    types = [event["type"] for event in await bench.logged(instance.key) if event["type"].startswith("message")]
    assert types == ["message.sent", "message.delivered", "message.read"]


async def test_an_inbound_message_is_one_event_even_if_whatsapp_repeats_it(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    async with bench.worker():
        await bench.instance_is(instance.key, InstanceState.CONNECTED)
        session = bench.whatsapp.of(str(instance.key))
        for wa_id in ("A", "A", "B", "A"):
            session.signal(received(wa_id))

        async def both() -> list[str]:
            found = [e["data"]["id"] for e in await bench.logged(instance.key) if e["type"] == "message.received"]
            return found if len(found) >= 2 else []

        assert await eventually(both) == ["A", "B"]
    event = next(e for e in await bench.logged(instance.key) if e["type"] == "message.received")
    assert event["data"]["from"] == {
        "jid": ANNA.jid,
        "phone": "4915550002",
        "lid": "94915@lid",
        "name": "Anna",
    }
    assert event["data"]["text"] == "hello"


async def test_a_burst_for_one_instance_is_logged_in_its_order_and_then_taken(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    names, taken = [f"M{number}" for number in range(60)], list[str]()
    async with bench.worker():
        await bench.instance_is(instance.key, InstanceState.CONNECTED)
        session = bench.whatsapp.of(str(instance.key))
        for name in names:
            session.signal(replace(received(name), taken=partial(taken.append, name)))
        await eventually(lambda: len(taken) == len(names))
        logged = [e["data"]["id"] for e in await bench.logged(instance.key) if e["type"] == "message.received"]
        assert logged == names


async def test_an_unknown_outcome_is_said_and_not_sent_again(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    bench.whatsapp.script(str(instance.key)).fail_next(OutcomeUnknown("ack_timeout", "no answer in 75 s"))
    async with bench.worker():
        message_id = await bench.send(instance.key)
        uncertain = await bench.message_is(instance.key, message_id, MessageState.UNCERTAIN)
        assert uncertain.error is not None
        assert uncertain.error.code == "ack_timeout"
    assert bench.whatsapp.of(str(instance.key)).sent == []


@pytest.mark.parametrize(("choice", "end"), [("hold", MessageState.UNCERTAIN), ("resend", MessageState.SENT)])
async def test_a_send_interrupted_by_a_crash_is_held_or_resent_as_it_asks(
    bench: Bench, choice: str, end: MessageState
) -> None:
    instance = await bench.create(linked=True)
    script = bench.whatsapp.script(str(instance.key))
    script.hold = asyncio.Event()  # WhatsApp is silent while the first owner dies
    await bench.hide_commands_for(1)
    message_id = await bench.send(instance.key, "once", on_uncertain=choice)
    later = await bench.send(instance.key, "next")
    async with bench.worker(dies=True):
        await bench.message_is(instance.key, message_id, MessageState.SENDING)
    script.hold.set()
    async with bench.worker():
        settled = await bench.message_is(instance.key, message_id, end)
        await bench.message_is(instance.key, later, MessageState.SENT)
    sent = [text for session in bench.whatsapp.sessions for _, text in session.sent]
    assert sent == (["next"] if choice == "hold" else ["once", "next"])
    assert (settled.error is None) == (choice == "resend")


async def test_a_message_that_never_gets_out_of_a_connected_instance_fails_and_frees_the_next(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("session_host.worker.sends.SEND_AGAIN_S", (0.0, 0.0))
    instance = await bench.create(linked=True)
    script = bench.whatsapp.script(str(instance.key))
    script.fail_next(*[NotConnected("no_device_list", "WhatsApp does not tell the devices")] * 3)
    async with bench.worker():
        await bench.instance_is(instance.key, InstanceState.CONNECTED)
        stuck = await bench.send(instance.key, "stuck")
        later = await bench.send(instance.key, "later")
        failed = await bench.message_is(instance.key, stuck, MessageState.FAILED)
        assert failed.error is not None
        assert failed.error.code == "no_device_list"
        await bench.message_is(instance.key, later, MessageState.SENT)


async def test_a_send_interrupted_by_a_crash_is_uncertain_even_past_its_deadline(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    script = bench.whatsapp.script(str(instance.key))
    script.hold = asyncio.Event()
    await bench.hide_commands_for(1)
    message_id = await bench.send(instance.key, "once", deadline=bench.clock.unix() + 120)
    async with bench.worker(dies=True):
        await bench.message_is(instance.key, message_id, MessageState.SENDING)
    bench.clock.s = 121  # the deadline passes while nobody owns the partition
    script.hold.set()
    async with bench.worker():
        await bench.message_is(instance.key, message_id, MessageState.UNCERTAIN)


async def test_a_proxy_that_cannot_be_read_is_named_and_harms_no_other(bench: Bench) -> None:
    broken, sound = await bench.create("broken", linked=True), await bench.create("sound", linked=True)
    await bench.instances.change(
        broken.key, lambda one: replace(one, settings=replace(one.settings, proxy_url="sealed with another key"))
    )
    async with bench.worker():
        await bench.instance_is(sound.key, InstanceState.CONNECTED)
        down = await bench.instance_is(broken.key, InstanceState.DISCONNECTED)
        assert down.reason is not None
        assert down.reason.code == "proxy_unreadable"
        await bench.instances.mark_deleting(broken.key)
        assert (await bench.result(await bench.command(CommandKind.DELETE, broken.key)))["ok"]
    assert bench.crashes == []


def _behind(proxy_url: str, instance: Instance) -> Instance:
    return replace(instance, settings=replace(instance.settings, proxy_url=proxy_url))


async def test_a_proxy_whose_name_leads_inside_is_not_used(bench: Bench) -> None:
    paired, new = await bench.create("paired", linked=True), await bench.create("new")
    for key in (paired.key, new.key):
        sealed = bench.vault.seal("socks5://me:secret@proxy.example.com:1080", f"proxy:{key}")
        await bench.instances.change(key, partial(_behind, sealed))
    bench.names.leads_to = "10.0.0.1"
    async with bench.worker():
        await bench.command(CommandKind.PAIR, new.key)
        for key in (paired.key, new.key):
            down = await bench.instance_is(key, InstanceState.DISCONNECTED)
            assert down.reason is not None
            assert (down.reason.code, "private address" in down.reason.detail) == ("proxy_unreachable", True)
        assert not bench.whatsapp.sessions
        assert not bench.desk.attempts
        bench.names.leads_to = "127.0.0.1"
        await bench.command(CommandKind.RESTART, paired.key)
        await bench.instance_is(paired.key, InstanceState.CONNECTED)
    assert bench.crashes == []


async def test_a_number_is_shown_online_only_when_its_settings_say_so(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("session_host.worker.online.AGAIN_S", (0.0, 0.0))
    instance = await bench.create(linked=True)
    key = str(instance.key)
    bench.whatsapp.script(key).fail_next(Rejected("no_push_name", "the name has not come yet"))

    async def say(online: bool) -> None:
        await bench.instances.change(
            instance.key, lambda one: replace(one, settings=replace(one.settings, mark_online=online))
        )
        await bench.command(CommandKind.SETTINGS, instance.key)

    async with bench.worker():
        await bench.instance_is(instance.key, InstanceState.CONNECTED)
        assert bench.whatsapp.of(key).online == []
        await say(True)
        await eventually(lambda: bench.whatsapp.of(key).online == [True])
        await say(False)
        await eventually(lambda: bench.whatsapp.of(key).online == [True, False])
    async with bench.worker():
        await bench.instance_is(instance.key, InstanceState.CONNECTED)
        assert bench.whatsapp.of(key).online == []


async def test_a_late_deletion_spares_a_successor_of_the_same_name(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    async with bench.worker():
        await bench.instance_is(instance.key, InstanceState.CONNECTED)
        result = await bench.result(await bench.command(CommandKind.DELETE, instance.key))
        assert result["code"] == "not-found"
        assert (await bench.instance_is(instance.key, InstanceState.CONNECTED)).linked
        assert not bench.whatsapp.of(str(instance.key)).logged_out


async def test_a_command_of_a_newer_version_is_answered_and_harms_nobody(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(cast(dict[CommandKind, Handler], HANDLERS), CommandKind.CHECK_NUMBERS)
    instance = await bench.create(linked=True)
    async with bench.worker():
        result = await bench.result(await bench.command(CommandKind.CHECK_NUMBERS, instance.key, numbers=["1"]))
        assert result["code"] == "not-carried-out"
        await bench.instance_is(instance.key, InstanceState.CONNECTED)
    assert bench.crashes == []


async def test_a_worker_that_lost_its_partition_changes_nothing(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    lease = await bench.take_lease()
    async with bench.worker(lease):
        await bench.instance_is(instance.key, InstanceState.CONNECTED)
        seen = (await bench.partitions.leases())[0]
        await bench.partitions.take(seen, "host-b")
        before = await bench.logged(instance.key)
        bench.whatsapp.of(str(instance.key)).signal(received("late"))
        await eventually(lambda: any(isinstance(crash, Fenced) for crash in bench.crashes))
        assert await bench.logged(instance.key) == before


async def test_a_deleted_instance_is_unlinked_and_leaves_nothing(bench: Bench) -> None:
    instance = await bench.create()
    key = str(instance.key)
    async with bench.worker():
        await bench.command(CommandKind.PAIR, instance.key)
        await eventually(lambda: bench.desk.attempts)
        bench.desk.of(key).scan()
        await bench.instance_is(instance.key, InstanceState.CONNECTED)
        assert list(bench.folder.rglob("shop-1.db*"))
        await bench.instances.mark_deleting(instance.key)
        result = await bench.result(await bench.command(CommandKind.DELETE, instance.key))
        assert result["value"] == {"unlinked_at_whatsapp": True}
        assert bench.whatsapp.of(key).logged_out
        assert list(bench.folder.rglob("shop-1.db*")) == []
        assert await bench.instances.get_any(instance.key) is None
        late = await bench.result(await bench.command(CommandKind.RESTART, instance.key))
        assert late["code"] == "not-found"


async def test_an_expired_qr_is_said_and_a_new_one_comes_on_request(bench: Bench) -> None:
    instance = await bench.create()
    key = str(instance.key)
    async with bench.worker():
        await bench.command(CommandKind.PAIR, instance.key)
        await eventually(lambda: bench.desk.attempts)
        bench.desk.of(key).expire()
        expired = await bench.instance_is(instance.key, InstanceState.DISCONNECTED)
        assert expired.reason is not None
        assert expired.reason.code == "qr_expired"
        await bench.command(CommandKind.PAIR, instance.key)
        await bench.instance_is(instance.key, InstanceState.PAIRING)
        code = await bench.result(await bench.command(CommandKind.PAIR_CODE, instance.key, phone="4915550001"))
        assert code["value"]["code"] == "ABCD-1234"


async def test_an_unlinked_device_is_logged_out_and_its_credentials_are_erased(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    store = bench.folder / "acme" / "shop-1.db"
    store.parent.mkdir()
    store.write_bytes(b"credentials")
    async with bench.worker():
        await bench.instance_is(instance.key, InstanceState.CONNECTED)
        bench.whatsapp.of(str(instance.key)).signal(SessionEnded(EndReason.DEVICE_REMOVED))
        gone = await bench.instance_is(instance.key, InstanceState.LOGGED_OUT)
        assert not gone.linked
        await eventually(lambda: not store.exists())
        message_id = await bench.send(instance.key)
        failed = await bench.message_is(instance.key, message_id, MessageState.FAILED)
        assert failed.error is not None
        assert failed.error.code == "not_paired"


async def test_events_left_in_the_outbox_reach_the_delivery_queue_with_the_next_owner(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    async with bench.worker(dies=True):
        await bench.instance_is(instance.key, InstanceState.CONNECTED)
    logged = await bench.logged(instance.key)
    await bench.delivered()
    pending = await bench.partitions.outbox(0)
    assert pending[str(instance.key)] <= len(logged)  # the last group stays remembered
    async with bench.worker():
        again = [task for task in await bench.delivered() if task.again]
    assert again
    assert {task.event for task in again} <= set(await bench.events.after(str(instance.key), 0, 99))
    assert await bench.partitions.outbox(0) == {}  # a drained owner leaves nothing to look for


async def test_messages_in_hand_go_out_before_a_drain_closes_the_sockets(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    ids = [await bench.send(instance.key, f"n{n}") for n in range(5)]  # one batch, in hand at once
    script = bench.whatsapp.script(str(instance.key))
    script.hold = asyncio.Event()
    async with bench.worker():
        await bench.message_is(instance.key, ids[0], MessageState.SENDING)
        asyncio.get_running_loop().call_later(0.1, script.hold.set)  # by then the worker drains
    assert [text for _, text in bench.whatsapp.of(str(instance.key)).sent] == [f"n{n}" for n in range(5)]
    assert [one.dedup for one in await bench.commands.receive(wait_s=0)] == []


async def test_each_code_is_an_event_and_none_outlives_its_pairing(bench: Bench) -> None:
    instance = await bench.create()
    key = str(instance.key)

    async def cached() -> str | None:
        found = await bench.cache.get(CacheKind.QR, key)
        return found["code"] if found else None

    async with bench.worker():
        await bench.command(CommandKind.PAIR, instance.key)
        await eventually(cached)
        bench.desk.of(key).show()
        await eventually(lambda: _is(cached, f"2@fake-{key}-2"))
        bench.desk.of(key).expire()
        await bench.instance_is(instance.key, InstanceState.DISCONNECTED)
        assert await cached() is None
        await bench.cache.put(CacheKind.QR, key, {"code": "2@former", "expires_at": bench.clock.unix() + 30}, 30)
        await bench.command(CommandKind.RESTART, instance.key)
        await eventually(lambda: _is(cached, f"2@fake-{key}-1"))
        await bench.result(await bench.command(CommandKind.LOGOUT, instance.key))
        await eventually(lambda: _is(cached, f"2@fake-{key}-1"))
    codes = [event["data"] for event in await bench.logged(instance.key) if event["type"] == "instance.qr"]
    assert [one["code"][-1] for one in codes] == ["1", "2", "1", "1"]


async def _is(look: Callable[[], Awaitable[str | None]], wanted: str) -> bool:
    return await look() == wanted


async def test_a_pairing_without_a_code_yet_shows_none_of_the_owner_before(bench: Bench) -> None:
    bench.desk = FakePairingDesk(shows_code=False)
    instance = await bench.create()
    async with bench.worker():
        await bench.cache.put(CacheKind.QR, str(instance.key), {"code": "2@former", "expires_at": 2e9}, 30)
        await bench.command(CommandKind.PAIR, instance.key)
        await bench.instance_is(instance.key, InstanceState.PAIRING)
        assert await bench.cache.get(CacheKind.QR, str(instance.key)) is None
