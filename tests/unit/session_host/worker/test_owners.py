"""What WhatsApp hands over, logged by one owner after the other: each of them is killed but the last.

The store loses answers, carries calls out late, and forgets the tokens of those whose outcome is unknown. WhatsApp says
again what was not taken, and at times what was.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_host.whatsapp.port import MessageReceived, Person
from session_host.worker.incoming import Incoming
from session_host.worker.ledger import Ledger
from session_host.worker.outbox import Outbox
from shared.clock import SystemClock
from shared.models.host import Lease
from shared.models.instance import InstanceKey
from shared.queues.deliveries import DeliveryQueue
from shared.store.database import Database
from shared.store.events import Events, sequence_of
from shared.store.messages import Messages
from tests.fakes.transactions import Deliveries, FlakyStore

KEYS = [InstanceKey("acme", "a"), InstanceKey("acme", "b")]
ANNA = Person("4915550002@s.whatsapp.net", "4915550002")


class Owner:
    """A partition's owner, as far as what comes in is concerned."""

    def __init__(self, store: FlakyStore, queue: Deliveries) -> None:
        store.epoch += 1
        database = cast(Database, store)
        self.outbox = Outbox(0, cast(DeliveryQueue, queue), store.outbox())
        self.ledger = Ledger(database, Lease(0, "host", 1, store.epoch), SystemClock(), self.outbox)
        self.incoming = {key: Incoming(key, self.ledger, Messages(database), SystemClock()) for key in KEYS}
        work = (self.ledger.run(), self.outbox.run(), self.outbox.recover(Events(database)))
        self.tasks: list[asyncio.Task[object]] = [asyncio.ensure_future(one) for one in work]

    def hear(self, at: int, name: str) -> None:
        message = MessageReceived(name, ANNA.jid, ANNA, 1_800_000_000.0, "text", "hi")
        self.tasks.append(asyncio.ensure_future(self.incoming[KEYS[at]].message(message)))

    async def kill(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def end(self) -> None:
        await asyncio.gather(*self.tasks[2:])
        await self.ledger.flushed()
        await self.outbox.flushed()
        await self.kill()


async def live(store: FlakyStore, queue: Deliveries, heard: list[tuple[int, str]], kills: list[int]) -> None:
    for steps in kills:
        owner = Owner(store, queue)
        for at, name in heard:
            owner.hear(at, name)
        for _ in range(steps):
            await asyncio.sleep(0)
        await owner.kill()
    last = Owner(store, queue)
    for at, name in heard:
        last.hear(at, name)
    await last.end()


@settings(max_examples=150, deadline=None)
@given(
    heard=st.lists(st.tuples(st.integers(0, 1), st.sampled_from("ABCDEFGH")), min_size=1, max_size=20),
    kills=st.lists(st.integers(0, 60), max_size=4),
    chance=st.sampled_from([0.0, 0.2, 0.4]),
    late=st.sampled_from([0.0, 0.3]),
    forgets=st.sampled_from([0.0, 0.5]),
    seed=st.integers(0, 10_000),
)
def test_each_message_is_one_event_in_a_sequence_without_gaps_and_reaches_the_delivery_queue(
    heard: list[tuple[int, str]], kills: list[int], chance: float, late: float, forgets: float, seed: int
) -> None:
    store, queue = FlakyStore(chance, seed, late=late, forgets=forgets), Deliveries()
    asyncio.run(live(store, queue, heard, kills))
    delivered = Counter(queue.events)
    for at, key in enumerate(KEYS):
        log = [values["body"] for values in store.log(key)]
        assert [sequence_of(body) for body in log] == list(range(1, len(log) + 1))
        names = [json.loads(body)["data"]["id"] for body in log]
        assert sorted(names) == sorted({name for where, name in heard if where == at})
        assert all(delivered[body] for body in log)
    assert len(delivered) == sum(len(store.log(key)) for key in KEYS)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store breaks often here, and every unknown outcome lasts longer than its token."""
    monkeypatch.setattr("session_host.worker.patience.PAUSES_S", (0.0,))
    monkeypatch.setattr("session_host.worker.ledger.TOKEN_S", 0.0)
