"""Receipts before the acknowledgement, after it, twice, in any order, with another owner: the state is right."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from session_host.whatsapp.port import Person, ReceiptKind, ReceiptReceived
from session_host.worker.incoming import EARLY, EARLY_S, Incoming, Ours
from session_host.worker.ledger import Ledger
from session_host.worker.outbox import Outbox
from session_host.worker.recorder import message_entry
from shared.clock import SystemClock
from shared.models.host import Lease
from shared.models.instance import InstanceKey
from shared.models.message import RANK, MessageState, Step
from shared.queues.deliveries import DeliveryQueue
from shared.store.database import Condition, Database, Put, TransactionRefused, Update, Values, Write
from shared.store.messages import Messages
from shared.tracing import trace_id_of
from tests.fakes.spans import PARENT, TRACE_ID
from tests.fakes.transactions import Deliveries

KEY, ANNA = InstanceKey("acme", "a"), Person("4915550002@s.whatsapp.net", "4915550002")
WHATSAPP_ID, OTHER_ID = "3EB0", "3EB1"
LOOKS = 3
LEVEL = {ReceiptKind.DELIVERED: MessageState.DELIVERED, ReceiptKind.READ: MessageState.READ}


class OneMessage:
    """A store with one message that is being sent, whose index by WhatsApp id lags behind by some looks."""

    def __init__(self, lag: int) -> None:
        self.message: Values = {"id": "msg_1", "state": MessageState.SENDING, "timeline": []}
        self.events: list[str] = []
        self.traces: list[str] = []
        self.read: list[tuple[str, bool, tuple[str, ...]]] = []
        self.looks = 0
        self._lag = lag

    async def transact(self, writes: Sequence[Write], _token: str) -> None:
        await asyncio.sleep(0)
        refused = tuple(at for at, write in enumerate(writes) if isinstance(write, Update) and not self._holds(write))
        if refused:
            raise TransactionRefused(refused)
        for write in writes:
            if isinstance(write, Update):
                self.message |= write.sets
                self.message["timeline"] += write.appends["timeline"]
            elif isinstance(write, Put) and "body" in write.values:
                self.events.append(write.values["type"])
                self.traces.append(write.values["traceparent"])

    def _holds(self, write: Update) -> bool:
        return write.condition is not None and self.message["state"] in write.condition.values.values()

    async def get(
        self, table: str, key: Values, *, consistent: bool = True, fields: Sequence[str] = ()
    ) -> Values | None:
        if table != "messages":
            return None
        self.read.append((key["id"], consistent, tuple(fields)))
        return {name: self.message[name] for name in fields if name in self.message}

    async def query(self, _table: str, where: Condition, **_options: Any) -> tuple[list[Values], None]:
        if "w" not in where.values:
            return [], None
        await asyncio.sleep(0)
        if self.message.get("whatsapp_id") != where.values["w"]:
            return [], None
        self.looks += 1
        return ([self.message] if self.looks > self._lag else []), None


async def live(store: OneMessage, steps: Sequence[ReceiptKind | str]) -> None:
    """`ack` comes once; `owner` is a change of owner in good order after it."""
    database = cast(Database, store)
    ledger = Ledger(database, Lease(0, "host", 1, 1), SystemClock(), Outbox(0, cast(DeliveryQueue, Deliveries())))
    running = asyncio.create_task(ledger.run())
    incoming = Incoming(KEY, ledger, Messages(database), SystemClock())
    async with AsyncExitStack() as sending:
        await sending.enter_async_context(incoming.sending())
        for step in steps:
            if step == "ack":
                incoming.learn(WHATSAPP_ID, Ours("msg_1"))
                sent = [Step(MessageState.SENT, "now")]
                await ledger.record(message_entry(KEY, "msg_1", sent, whatsapp_id=WHATSAPP_ID))
                await incoming.sent(WHATSAPP_ID, Ours("msg_1"))
                await sending.aclose()
            elif step == "owner":
                await incoming.look_again()
                incoming = Incoming(KEY, ledger, Messages(database), SystemClock())
            elif isinstance(step, ReceiptKind):
                await incoming.receipt(ReceiptReceived((WHATSAPP_ID,), step, ANNA.jid, ANNA, 1_800_000_000.0))
    for _ in range(LOOKS):
        await incoming.look_again()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


RECEIPTS = st.lists(st.sampled_from(list(ReceiptKind)), max_size=4)


@settings(max_examples=200, deadline=None)
@given(before=RECEIPTS, after=RECEIPTS, later=RECEIPTS, lag=st.integers(0, LOOKS - 1))
def test_any_order_leads_to_the_furthest_state_with_one_event_for_each(
    before: list[ReceiptKind], after: list[ReceiptKind], later: list[ReceiptKind], lag: int
) -> None:
    store = OneMessage(lag)
    asyncio.run(live(store, [*before, "ack", *after, "owner", *later]))
    states = [MessageState.SENT, *(LEVEL[kind] for kind in [*before, *after, *later])]
    assert store.message["state"] == max(states, key=RANK.__getitem__)
    told = [MessageState(step["state"]) for step in store.message["timeline"]]
    assert told == sorted(set(told), key=RANK.__getitem__)
    assert store.events == [f"message.{state}" for state in told]


class Time(SystemClock):
    now = 100.0

    def monotonic(self) -> float:
        return self.now


class Watched(Messages):
    """Tells what was looked for."""

    def __init__(self, store: OneMessage) -> None:
        super().__init__(cast(Database, store))
        self.looked: list[str] = []

    async def by_whatsapp_id(self, instance: str, whatsapp_id: str) -> str | None:
        self.looked.append(whatsapp_id)
        return await super().by_whatsapp_id(instance, whatsapp_id)


@asynccontextmanager
async def inbound(store: OneMessage, time: Time) -> AsyncIterator[tuple[Incoming, Ledger, Watched]]:
    outbox, messages = Outbox(0, cast(DeliveryQueue, Deliveries())), Watched(store)
    ledger = Ledger(cast(Database, store), Lease(0, "host", 1, 1), time, outbox)
    running = asyncio.create_task(ledger.run())
    yield Incoming(KEY, ledger, messages, time), ledger, messages
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def a_receipt(*whatsapp_ids: str, taken: Callable[[], None] = lambda: None) -> ReceiptReceived:
    return ReceiptReceived(whatsapp_ids, ReceiptKind.READ, ANNA.jid, ANNA, 1_800_000_000.0, taken)


async def test_receipts_of_what_is_not_ours_are_given_up_after_some_seconds_and_then_taken() -> None:
    taken: list[bool] = []
    time = Time()
    async with inbound(OneMessage(0), time) as (incoming, _, messages):
        await incoming.receipt(a_receipt(OTHER_ID, taken=lambda: taken.append(True)))
        for _ in range(10):  # as often as there are sends
            async with incoming.sending():
                pass
        assert taken == []
        time.now += EARLY_S
        await incoming.look_again()
        assert taken == [True]
        looked = len(messages.looked)
        await incoming.look_again()
        assert len(messages.looked) == looked


async def test_a_receipt_survives_many_sends_until_its_message_can_be_found() -> None:
    store, taken = OneMessage(8), list[bool]()
    async with inbound(store, Time()) as (incoming, ledger, _):
        sent = [Step(MessageState.SENT, "now")]
        await ledger.record(message_entry(KEY, "msg_1", sent, whatsapp_id=WHATSAPP_ID))
        await incoming.receipt(a_receipt(WHATSAPP_ID, taken=lambda: taken.append(True)))
        for _ in range(10):
            async with incoming.sending():
                pass
        assert store.message["state"] is MessageState.READ
        assert taken == [True]


async def test_a_receipt_is_taken_once_all_its_messages_are_settled() -> None:
    store, taken, time = OneMessage(0), list[bool](), Time()
    async with inbound(store, time) as (incoming, ledger, _):
        sent = [Step(MessageState.SENT, "now")]
        await ledger.record(message_entry(KEY, "msg_1", sent, whatsapp_id=WHATSAPP_ID))
        await incoming.receipt(a_receipt(WHATSAPP_ID, OTHER_ID, taken=lambda: taken.append(True)))
        assert store.message["state"] is MessageState.READ
        assert taken == []
        time.now += EARLY_S
        await incoming.look_again()
        assert taken == [True]


async def test_a_receipt_of_an_older_message_reads_its_trace_alone_and_goes_on_with_it() -> None:
    store = OneMessage(0)
    store.message |= {"state": MessageState.SENT, "whatsapp_id": WHATSAPP_ID, "traceparent": PARENT}
    async with inbound(store, Time()) as (incoming, _, _):
        await incoming.receipt(a_receipt(WHATSAPP_ID))
    assert store.read == [("msg_1", False, ("traceparent",))]
    assert [trace_id_of(traceparent) for traceparent in store.traces] == [TRACE_ID]


async def test_the_oldest_receipts_are_given_up_when_there_are_too_many() -> None:
    taken: list[int] = []
    async with inbound(OneMessage(0), Time()) as (incoming, _, _):
        for number in range(EARLY + 2):
            await incoming.receipt(a_receipt(f"other-{number}", taken=partial(taken.append, number)))
    assert taken == [0, 1]
