"""DynamoDB's transactions in memory, over a connection that breaks, and a delivery queue that keeps all."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any

from shared.queues.deliveries import DeliveryTask
from shared.store.database import Check, Condition, Put, StoreError, StoreUnavailable, TransactionRefused, Values, Write

POISON = "poison"


class FlakyStore:
    """Before or after some transactions the connection breaks, each with `chance`.

    A transaction with a poisoned write is not taken, and does not say which write it was. With `late`, some that got no
    answer are carried out later, when nobody waits for them any more; with `forgets`, the tokens of transactions are
    forgotten at times, as DynamoDB does after ten minutes.
    """

    def __init__(self, chance: float, seed: int, *, late: float = 0.0, forgets: float = 0.0) -> None:
        self.items: dict[tuple[Any, ...], Values] = {}
        self.epoch = 1
        self.transactions = 0
        self.refused_late = 0
        self._tokens: set[str] = set()
        self._late: list[tuple[Sequence[Write], str]] = []
        self._random = random.Random(seed)  # noqa: S311
        self._chance, self._late_chance, self._forgets = chance, late, forgets

    async def transact(self, writes: Sequence[Write], token: str) -> None:
        await asyncio.sleep(0)
        if self._random.random() < self._forgets:
            self._tokens.clear()
        if self._late and self._random.random() < 0.5:
            self._apply_late(*self._late.pop(0))
        if self._random.random() < self._late_chance:
            self._late.append((writes, token))
            raise StoreUnavailable("no answer yet")
        if self._random.random() < self._chance:
            raise StoreUnavailable("broke before")
        if token not in self._tokens:
            self._apply(writes)
            self._tokens.add(token)
        if self._random.random() < self._chance:
            raise StoreUnavailable("broke after")

    def _apply_late(self, writes: Sequence[Write], token: str) -> None:
        if token in self._tokens:
            return
        try:
            self._apply(writes)
            self._tokens.add(token)
        except TransactionRefused:
            self.refused_late += 1

    def _apply(self, writes: Sequence[Write]) -> None:
        keys = [self._key(write) for write in writes]
        assert len(set(keys)) == len(keys), "DynamoDB takes an item once per transaction"
        refused = tuple(at for at, write in enumerate(writes) if not self._holds(write))
        if refused:
            raise TransactionRefused(refused)
        if any(isinstance(write, Put) and POISON in str(write.values) for write in writes):
            raise StoreError("transaction cancelled: ValidationError")
        self.transactions += 1
        self.items |= {self._key(write): write.values for write in writes if isinstance(write, Put)}

    def _holds(self, write: Write) -> bool:
        if isinstance(write, Check):
            return bool(write.condition.values["e"] == self.epoch)
        return write.condition is None or self._key(write) not in self.items

    @staticmethod
    def _key(write: Write) -> tuple[Any, ...]:
        values = write.values if isinstance(write, Put) else write.key
        return (write.table, *(values.get(name) for name in ("partition", "kind", "instance", "id", "sequence", "at")))

    async def get(self, table: str, key: Values) -> Values | None:
        return self.items.get(self._key(Put(table, key)))

    async def query(
        self, _table: str, where: Condition, *, limit: int = 1_000, ascending: bool = True, **_options: Any
    ) -> tuple[list[Values], None]:
        after = where.values.get("s", -1)
        mine = [
            v for v in self.items.values() if v.get("instance") == where.values["i"] and v.get("sequence", -1) > after
        ]
        return sorted(mine, key=lambda v: int(v["sequence"]), reverse=not ascending)[:limit], None

    def outbox(self) -> dict[str, int]:
        """What the stored outbox names."""
        found = [v["pending"] for v in self.items.values() if v.get("kind") == "outbox"]
        return dict(found[0]) if found else {}

    def log(self, key: Any) -> list[Values]:
        """The instance's logged events, in order."""
        mine = [v for v in self.items.values() if v.get("instance") == str(key) and v.get("sequence")]
        return sorted(mine, key=lambda v: int(v["sequence"]))

    def sequences(self, key: Any) -> list[int]:
        """The sequences of the instance's events."""
        return [int(values["sequence"]) for values in self.log(key)]

    def expire(self) -> None:
        """Deletes what expires, as DynamoDB does after 30 days."""
        self.items = {key: values for key, values in self.items.items() if "expires_at" not in values}


class Deliveries:
    """Where the outbox puts events."""

    def __init__(self) -> None:
        self.events: list[str] = []

    async def put(self, tasks: Sequence[DeliveryTask]) -> None:
        self.events += [task.event for task in tasks]
