"""Messages that make no progress come to an end; those that wait are left alone."""

from __future__ import annotations

import pytest

from session_host.whatsapp.port import Connected, Person
from shared.clock import iso
from shared.models.command import CommandKind
from shared.models.instance import InstanceState
from shared.models.message import MessageState, Step
from shared.store.messages import advance
from tests.integration.session_host.worker.conftest import Bench, eventually

ME = Person("4915550001@s.whatsapp.net", "4915550001")
LONG_AGO_S = 200.0


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep every moment."""
    for name, seconds in {"FIRST_S": 0.0, "EVERY_S": 0.3, "SOON_S": 0.1, "TICK_S": 0.05}.items():
        monkeypatch.setattr(f"session_host.worker.sweep.sweeper.{name}", seconds)


async def test_a_message_that_was_never_queued_fails_and_its_key_makes_a_new_one(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    past = bench.clock.unix() - LONG_AGO_S
    lost = await bench.accept(instance.key, made_at=past, idempotency_key="order-7")
    fresh = await bench.accept(instance.key)  # whose API may be about to queue it
    async with bench.worker():
        failed = await bench.message_is(instance.key, lost, MessageState.FAILED)
        assert failed.error is not None
        assert failed.error.code == "not_queued"
        again = await bench.send(instance.key, "again", idempotency_key="order-7")
        await bench.message_is(instance.key, again, MessageState.SENT)
        await bench.queue(instance.key, lost)  # what turns up after all does nothing
        last = await bench.send(instance.key, "last")
        await bench.message_is(instance.key, last, MessageState.SENT)
        await bench.message_is(instance.key, fresh, MessageState.ACCEPTED)
    assert [text for _, text in bench.whatsapp.of(str(instance.key)).sent] == ["again", "last"]
    failures = [e["data"]["message_id"] for e in await bench.logged(instance.key) if e["type"] == "message.failed"]
    assert failures == [lost]


async def test_messages_that_wait_for_their_instance_are_left_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = await bench.create(linked=True)
    bench.whatsapp.script(str(instance.key), connects=False)
    monkeypatch.setattr("session_host.worker.sweep.fate.LATEST_QUEUED_S", 1.0)
    waiting = [await bench.send(instance.key, f"n{n}") for n in range(15)]
    looked: list[str] = []
    look = bench.messages.unsettled

    async def watched(instance: str, *more: object) -> object:
        looked.append(instance)
        return await look(instance, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(bench.messages, "unsettled", watched)
    async with bench.worker():
        await bench.message_is(instance.key, waiting[0], MessageState.QUEUED)
        oldest = bench.clock.monotonic() + 1.5
        await eventually(lambda: bench.clock.monotonic() > oldest)
        seen = len(looked)
        await eventually(lambda: len(looked) > seen + 3)
        bench.whatsapp.of(str(instance.key)).signal(Connected(ME))
        await bench.message_is(instance.key, waiting[-1], MessageState.SENT)
    assert [text for _, text in bench.whatsapp.of(str(instance.key)).sent] == [f"n{n}" for n in range(15)]


async def test_a_message_behind_one_that_waits_expires_in_time(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    bench.whatsapp.script(str(instance.key), connects=False)
    async with bench.worker():
        first = await bench.send(instance.key, "first")
        second = await bench.send(instance.key, "second", deadline=bench.clock.unix() + 1)
        failed = await bench.message_is(instance.key, second, MessageState.FAILED)
        assert failed.error is not None
        assert failed.error.code == "expired"
        bench.whatsapp.of(str(instance.key)).signal(Connected(ME))
        await bench.message_is(instance.key, first, MessageState.SENT)
    assert [text for _, text in bench.whatsapp.of(str(instance.key)).sent] == ["first"]


@pytest.mark.parametrize("choice", ["hold", "resend"])
async def test_a_send_that_its_owner_did_not_outlive_is_uncertain_even_without_its_command(
    bench: Bench, choice: str
) -> None:
    instance = await bench.create(linked=True)
    past = bench.clock.unix() - LONG_AGO_S
    lost = await bench.accept(instance.key, made_at=past, on_uncertain=choice)
    sending = advance(str(instance.key), lost, [Step(MessageState.SENDING, iso(past))])
    await bench.database.write(sending)
    async with bench.worker():
        uncertain = await bench.message_is(instance.key, lost, MessageState.UNCERTAIN)
        assert uncertain.error is not None
        assert uncertain.error.code == "interrupted"


async def test_the_messages_of_a_deleted_instance_fail(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    bench.whatsapp.script(str(instance.key), connects=False)
    async with bench.worker():
        waiting = [await bench.send(instance.key) for _ in range(3)]
        lost = await bench.accept(instance.key)
        await bench.message_is(instance.key, waiting[0], MessageState.QUEUED)
        await bench.instances.mark_deleting(instance.key)
        assert (await bench.result(await bench.command(CommandKind.DELETE, instance.key)))["ok"]
        for message_id in [*waiting, lost]:
            failed = await bench.message_is(instance.key, message_id, MessageState.FAILED)
            assert failed.error is not None
            assert failed.error.code == "instance_deleted"
    assert bench.crashes == []


async def test_a_command_that_sqs_moved_away_leaves_no_message_behind(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    past = bench.clock.unix() - LONG_AGO_S
    moved = await bench.send(instance.key, made_at=past)
    (received,) = await bench.commands.receive(wait_s=5)
    await bench.commands.delete([received.handle])  # as the redrive policy does
    async with bench.worker():
        await bench.instance_is(instance.key, InstanceState.CONNECTED)
        failed = await bench.message_is(instance.key, moved, MessageState.FAILED)
        assert failed.error is not None
        assert failed.error.code == "not_queued"


async def test_a_message_that_was_accepted_again_is_looked_at_until_it_is_settled(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("session_host.worker.sweep.sweeper.OVERLAP_S", 0.0)
    instance = await bench.create(linked=True)
    past = bench.clock.unix() - LONG_AGO_S
    lost = await bench.accept(instance.key, made_at=past)
    message = await bench.messages.get(str(instance.key), lost)
    assert message is not None
    assert await bench.messages.accept_again(message, bench.clock.unix())
    looked: list[float] = []
    look = bench.messages.unsettled

    async def watched(instance: str, since: float, *more: object) -> object:
        looked.append(since)
        return await look(instance, since, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(bench.messages, "unsettled", watched)
    async with bench.worker():
        await eventually(lambda: len(looked) > 2)
        await bench.message_is(instance.key, lost, MessageState.ACCEPTED)
        monkeypatch.setattr("session_host.worker.sweep.fate.LATEST_QUEUED_S", 0.1)
        failed = await bench.message_is(instance.key, lost, MessageState.FAILED)
        assert failed.error is not None
        assert failed.error.code == "not_queued"
