"""A reply waits for its chat to be quiet."""

from __future__ import annotations

from session_host.whatsapp.port import MessageReceived, Person
from session_host.worker.reply_pause import REPLY_PAUSE_S
from shared.clock import parse_iso
from shared.models.instance import InstanceState
from shared.models.message import MessageState
from tests.integration.session_host.worker.conftest import Bench

ANNA = Person("4915550002@s.whatsapp.net", "4915550002", "94915@lid", "Anna")
CLOCK_STEP_S = 0.005


async def test_a_reply_is_not_sent_into_a_chat_that_has_just_spoken(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    async with bench.worker():
        await bench.instance_is(instance.key, InstanceState.CONNECTED)
        heard_at = bench.clock.unix()
        heard = MessageReceived("WA1", ANNA.jid, ANNA, heard_at, "text", "hello?")
        bench.whatsapp.of(str(instance.key)).signal(heard)
        message_id = await bench.send(instance.key, "hello!")
        sent = await bench.message_is(instance.key, message_id, MessageState.SENT)
    sending = next(step.at for step in sent.timeline if step.state is MessageState.SENDING)
    assert parse_iso(sending) - heard_at >= REPLY_PAUSE_S - CLOCK_STEP_S
