"""Commands that cannot be carried out: tried three times, kept with their error, and said."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from session_host.worker.outgoing import interrupted
from shared.models.command import CommandKind
from shared.models.instance import InstanceState
from shared.models.message import MessageState
from shared.queues.queue import Outgoing
from tests.fakes.whatsapp import FakePairingAttempt, FakeSession
from tests.integration.session_host.worker.conftest import Bench, eventually


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is gained by waiting between tries."""
    monkeypatch.setattr("session_host.worker.faults.AGAIN_S", (0.0, 0.0))
    monkeypatch.setattr("session_host.worker.worker.UNREADABLE_PAUSE_S", 0.0)


async def failed_events(bench: Bench, key: Any) -> list[str]:
    return [e["data"]["message_id"] for e in await bench.logged(key) if e["type"] == "message.failed"]


@pytest.mark.parametrize(
    "body", ["not json", '{"id": "cmd_1", "kind": "send", "instance": "acme#shop-1", "args": {"type": "hologram"}}']
)
async def test_a_message_whose_command_cannot_be_read_fails_and_frees_the_next(bench: Bench, body: str) -> None:
    instance = await bench.create(linked=True)
    message_id = await bench.accept(instance.key)
    await bench.commands.send(Outgoing(body, group=str(instance.key), dedup=message_id))
    async with bench.worker():
        failed = await bench.message_is(instance.key, message_id, MessageState.FAILED)
        assert failed.error is not None
        assert failed.error.code == "internal_error"
        dead = await bench.died()
        later = await bench.send(instance.key, "later")
        await bench.message_is(instance.key, later, MessageState.SENT)
    assert dead["attempts"] == 3
    assert dead["command"] == (json.loads(body) if body.startswith("{") else body)
    assert await failed_events(bench, instance.key) == [message_id]
    assert bench.crashes == []


async def test_a_command_of_a_newer_version_leaves_a_result(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    body = json.dumps({"id": "cmd_1", "kind": "dance", "instance": str(instance.key), "args": {}})
    await bench.commands.send(Outgoing(body, group=f"{instance.key}/control", dedup="cmd_1"))
    async with bench.worker():
        assert (await bench.result("cmd_1"))["code"] == "not-carried-out"
        assert "dance" in (await bench.died())["error"]


async def test_an_unexpected_error_of_one_message_harms_no_other(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    poisoned, sound = await bench.create("poisoned", linked=True), await bench.create("sound", linked=True)
    typed: list[str] = []

    async def broken(self: FakeSession, to: str, typing: bool) -> None:
        typed.append(self.account.key)
        raise ZeroDivisionError("in the library")

    monkeypatch.setattr(FakeSession, "set_typing", broken)
    async with bench.worker():
        message_id = await bench.send(poisoned.key, "x", typing_ms=10)
        later, other = await bench.send(poisoned.key, "later"), await bench.send(sound.key, "other")
        failed = await bench.message_is(poisoned.key, message_id, MessageState.FAILED)
        assert failed.error is not None
        assert failed.error.code == "internal_error"
        await bench.message_is(poisoned.key, later, MessageState.SENT)
        await bench.message_is(sound.key, other, MessageState.SENT)
        dead = await bench.died()
    assert (dead["attempts"], dead["error"]) == (3, "ZeroDivisionError: in the library")
    assert dead["command"]["args"]["message_id"] == message_id
    assert len(typed) == 3
    assert bench.crashes == []


async def test_an_unexpected_error_while_sending_is_never_sent_twice(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = await bench.create(linked=True)
    sent: list[str] = []

    async def broken(self: FakeSession, to: str, text: str) -> None:
        sent.append(text)
        raise ZeroDivisionError("after it was sent, perhaps")

    monkeypatch.setattr(FakeSession, "send_text", broken)
    async with bench.worker():
        message_id = await bench.send(instance.key, "once")
        await bench.message_is(instance.key, message_id, MessageState.UNCERTAIN)
    assert sent == ["once"]
    assert bench.crashes == []


async def test_a_message_that_kills_each_owner_is_uncertain_after_three_sends(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    script = bench.whatsapp.script(str(instance.key))
    script.hold = asyncio.Event()
    await bench.hide_commands_for(1)
    message_id = await bench.send(instance.key, "fatal", on_uncertain="resend")
    for owners in range(1, 4):

        async def sending(times: int = owners) -> bool:
            found = await bench.messages.get(str(instance.key), message_id)
            return found is not None and interrupted(found.timeline) == times

        async with bench.worker(dies=True):
            await eventually(sending)
    script.hold.set()
    async with bench.worker():
        await bench.message_is(instance.key, message_id, MessageState.UNCERTAIN)
        dead = await bench.died()
    assert dead["attempts"] == 3
    assert [text for session in bench.whatsapp.sessions for _, text in session.sent] == []


async def test_a_control_command_that_kills_each_owner_is_tried_three_times(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = await bench.create()
    await bench.hide_commands_for(1)
    tries: list[str] = []

    async def hangs(self: FakePairingAttempt, phone: str) -> str:
        tries.append(phone)
        await asyncio.Event().wait()
        return ""

    monkeypatch.setattr(FakePairingAttempt, "pair_code", hangs)
    command_id = await bench.command(CommandKind.PAIR_CODE, instance.key, phone="1")
    bystander = await bench.command(CommandKind.RESTART, instance.key)  # behind it, and received as often
    for owners in range(1, 4):

        def tried(times: int = owners) -> bool:
            return len(tries) == times

        async with bench.worker(dies=True):
            await eventually(tried)
    async with bench.worker():
        assert (await bench.result(command_id))["code"] == "not-carried-out"
        assert (await bench.result(bystander))["ok"]
        assert (await bench.died())["command"]["id"] == command_id
    assert len(tries) == 3


async def test_one_instance_that_cannot_be_taken_up_harms_no_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("session_host.worker.reconnecting.PAUSES_S", (0.0,))
    broken, sound = await bench.create("broken", linked=True), await bench.create("sound", linked=True)
    connect, failures = FakeSession.connect, [ZeroDivisionError("in the library"), OSError("no space left on device")]

    async def sometimes(self: FakeSession) -> None:
        if self.account.key == str(broken.key) and failures:
            raise failures.pop(0)
        await connect(self)

    monkeypatch.setattr(FakeSession, "connect", sometimes)
    async with bench.worker():
        await bench.instance_is(sound.key, InstanceState.CONNECTED)
        await bench.instance_is(broken.key, InstanceState.CONNECTED)
    entries, _ = await bench.events.journal(str(broken.key), 10)
    codes = [entry.code for entry in entries if entry.code]
    assert codes == ["session_store_full", "internal_error"]
    assert bench.crashes == []


async def test_a_message_to_an_instance_that_is_gone_fails(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    message_id = await bench.send(instance.key)
    await bench.instances.mark_deleting(instance.key)
    await bench.instances.erase(instance)
    async with bench.worker():
        failed = await bench.message_is(instance.key, message_id, MessageState.FAILED)
        assert failed.error is not None
        assert failed.error.code == "instance_deleted"
    assert await failed_events(bench, instance.key) == [message_id]


async def test_a_message_whose_instance_was_made_anew_elsewhere_fails_without_touching_that_ones_events(
    bench: Bench,
) -> None:
    instance = await bench.create(linked=True)
    message_id = await bench.send(instance.key)
    await bench.instances.mark_deleting(instance.key)
    await bench.instances.erase(instance)
    made = await bench.instances.create(replace(instance, partition=0, created_at="2026-01-02T00:00:00.000Z"), 1)
    await bench.move(made, 1)
    async with bench.worker():
        await bench.message_is(instance.key, message_id, MessageState.FAILED)
    assert await bench.logged(instance.key) == []
