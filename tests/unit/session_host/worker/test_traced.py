"""What comes of a command, and what comes later of its message, goes on with its trace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from session_host.whatsapp.port import Person, ReceiptKind, ReceiptReceived
from session_host.worker.context import WorkerContext
from session_host.worker.entry import Entry, EventDraft
from session_host.worker.incoming import Incoming, Ours
from session_host.worker.ledger import Ledger
from session_host.worker.outbox import Outbox
from session_host.worker.outgoing import OutgoingMessage
from shared.clock import SystemClock
from shared.models.event import EventType
from shared.models.host import Lease
from shared.models.instance import InstanceKey
from shared.queues.deliveries import DeliveryQueue, DeliveryTask
from shared.queues.queue import Received
from shared.store.database import Database
from shared.store.events import Events
from shared.store.messages import Messages
from shared.tracing import PASS_ON, Tracer, checked, current, within
from tests.fakes.spans import PARENT, recorder
from tests.fakes.transactions import FlakyStore

KEY = InstanceKey("acme", "shop-1")
ANNA = Person("4915550002@s.whatsapp.net", "4915550002")


class Queue:
    """Keeps all tasks."""

    def __init__(self) -> None:
        self.tasks: list[DeliveryTask] = []

    async def put(self, tasks: Sequence[DeliveryTask]) -> None:
        self.tasks += tasks


class Owner:
    """A partition's owner over a store of its own."""

    def __init__(self, tracer: Tracer) -> None:
        self.store, self.queue = FlakyStore(0.0, 1), Queue()
        self.outbox = Outbox(0, cast(DeliveryQueue, self.queue))
        self.ledger = Ledger(cast(Database, self.store), Lease(0, "host", 1, 1), SystemClock(), self.outbox, tracer)


@asynccontextmanager
async def owner(tracer: Tracer = PASS_ON) -> AsyncIterator[Owner]:
    made = Owner(tracer)
    tasks = [asyncio.create_task(work) for work in (made.ledger.run(), made.outbox.run())]
    yield made
    await made.outbox.flushed()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def entry() -> Entry:
    return Entry(KEY, (), EventDraft(EventType.MESSAGE_RECEIVED, {"text": "private"}, "2026-01-01T00:00:00.000Z"))


async def test_an_event_is_logged_and_delivered_with_the_trace_that_it_came_of() -> None:
    async with owner() as one:
        with within(PARENT):
            await one.ledger.record(entry())
    (logged,) = one.store.log(KEY)
    assert logged["traceparent"] == PARENT
    assert [task.traceparent for task in one.queue.tasks] == [PARENT]
    assert PARENT not in one.queue.tasks[0].event


async def test_events_that_nobody_asked_for_begin_traces_of_their_own() -> None:
    async with owner() as one:
        await asyncio.gather(*(one.ledger.record(entry()) for _ in range(3)))
    found = [task.traceparent for task in one.queue.tasks]
    assert len(set(found)) == 3
    assert all(checked(carried) == carried for carried in found)
    assert current() is None


async def test_the_trace_of_such_an_event_has_a_span_to_begin_with() -> None:
    tracer, exporter = recorder()
    async with owner(tracer) as one:
        await one.ledger.record(entry())
    (span,) = exporter.get_finished_spans()
    assert (span.name, span.parent) == ("log event", None)
    assert "private" not in str(dict(span.attributes or {}))
    assert span.context is not None
    assert [task.traceparent for task in one.queue.tasks] == [
        f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-01"
    ]


async def test_a_successor_puts_events_on_the_queue_with_their_traces() -> None:
    async with owner() as one:
        with within(PARENT):
            await one.ledger.record(entry())
    queue = Queue()
    successor = Outbox(0, cast(DeliveryQueue, queue), {str(KEY): 1})
    assert await successor.recover(Events(cast(Database, one.store))) == 1
    assert [task.traceparent for task in queue.tasks] == [PARENT]


class Sent:
    """The store's messages: one, found by its WhatsApp id."""

    def __init__(self) -> None:
        self.reads = 0

    async def by_whatsapp_id(self, _instance: str, _whatsapp_id: str) -> str:
        return "msg_1"

    async def traceparent(self, _instance: str, _message_id: str) -> str:
        self.reads += 1
        return PARENT


class Pen:
    """Notes the trace in which each entry is recorded."""

    def __init__(self) -> None:
        self.traces: list[str | None] = []

    async def record(self, _entry: Entry) -> None:
        self.traces.append(current())


async def test_receipts_go_on_with_the_trace_of_the_call_that_sent_the_message() -> None:
    receipt = ReceiptReceived(("3EB0",), ReceiptKind.READ, ANNA.jid, ANNA, 1_800_000_000.0)
    pen, store = Pen(), Sent()

    def incoming() -> Incoming:
        return Incoming(KEY, cast(Ledger, pen), cast(Messages, store), SystemClock())

    sender, successor = incoming(), incoming()
    sender.learn("3EB0", Ours("msg_1", PARENT))
    await sender.receipt(receipt)
    assert store.reads == 0  # who sent it knows
    await successor.receipt(receipt)
    assert pen.traces == [PARENT, PARENT]


async def test_what_a_command_happens_to_start_is_no_part_of_its_trace() -> None:
    async def look() -> str | None:
        return current()

    with within(PARENT):
        context = cast(Any, WorkerContext)
        task = context.spawn(_Crashing(), look())
        assert current() == PARENT
    assert await task is None


class _Crashing:
    """As much of a context as spawning needs."""

    def _done(self, task: asyncio.Task[Any]) -> None: ...


def test_a_command_without_a_trace_is_carried_out_too() -> None:
    args = {"message_id": "msg_1", "to": "1", "type": "text", "content": {"text": "hi"}}
    old = Received("{}", "h", 1, 0.0, None)
    assert OutgoingMessage.of(args, old).traceparent is None
    new = Received("{}", "h", 1, 0.0, None, traceparent=PARENT)
    assert OutgoingMessage.of(args, new).traceparent == PARENT
