"""A table in memory that does what the cache asks of one, and counts the calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

from shared.store.database import Condition, ConditionFailed, Delete, Put, StoreError, StoreUnavailable, Update, Values


class FakeTable:
    """Stands in for Database. `calls` counts them by method; what is in `fails` is raised, one each call.

    `fails_at` has the call of a method that fails, the first being 1.
    """

    def __init__(self) -> None:
        self.items: dict[str, Values] = {}
        self.calls: Counter[str] = Counter()
        self.fails: list[StoreError] = []
        self.fails_at: dict[str, int] = {}

    async def get(self, _table: str, key: Values, *, consistent: bool = True) -> Values | None:
        self._call("get")
        return self.items.get(key["key"])

    async def get_many(self, _table: str, keys: Sequence[Values], *, consistent: bool = False) -> list[Values]:
        self._call("get_many")
        names = [key["key"] for key in keys]
        assert len(set(names)) == len(names), "DynamoDB refuses to be asked twice for the same"
        return [self.items[name] for name in names if name in self.items]

    async def write(self, write: Put | Update | Delete) -> None:
        self._call("write")
        match write:
            case Put():
                self.items[write.values["key"]] = write.values
            case Delete():
                self.items.pop(write.key["key"], None)
            case Update():
                self._update(write)

    async def put_many(self, puts: Sequence[Put]) -> list[Values]:
        self._call("put_many")
        assert 0 < len(puts) <= 25
        for put in puts:
            self.items[put.values["key"]] = put.values
        return []

    async def delete_many(self, _table: str, keys: Sequence[Values]) -> None:
        self._call("delete_many")
        for key in keys:
            del self.items[key["key"]]

    async def scan(self, _table: str, keep: Condition, *, consistent: bool = True) -> AsyncIterator[list[Values]]:
        """Pages of two; of conditions it knows only that the key begins with one of the values."""
        self._call("scan")
        names = list(self.items)
        for start in range(0, len(names), 2):
            page = [self.items[name] for name in names[start : start + 2]]
            yield [values for values in page if values["key"].startswith(tuple(keep.values.values()))]

    def _update(self, write: Update) -> None:
        """Knows no expressions: of conditions only that nothing added is over `most` already."""
        before: dict[str, Any] = self.items.get(write.key["key"], dict(write.key))
        most = write.condition.values["most"] if write.condition else None
        if most is not None and any(before.get(name, 0) > most for name in write.adds):
            raise ConditionFailed("over")
        added = {name: before.get(name, 0) + amount for name, amount in write.adds.items()}
        self.items[write.key["key"]] = before | write.sets | added

    def _call(self, name: str) -> None:
        self.calls[name] += 1
        if self.fails:
            raise self.fails.pop(0)
        if self.calls[name] == self.fails_at.get(name):
            raise StoreUnavailable("away")
