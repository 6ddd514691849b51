"""Removing many items: DynamoDB takes 25 at once and may leave some of them for later."""

from __future__ import annotations

from typing import Any

import pytest

from shared.store import database
from shared.store.database import Database, StoreUnavailable


class Batches:
    """A client that removes `at_once` items of a call and leaves the others."""

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        self.removed: list[str] = []
        self.calls = 0

    async def batch_write_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        ((table, requests),) = RequestItems.items()
        assert 0 < len(requests) <= 25
        self.calls += 1
        self.removed += [request["DeleteRequest"]["Key"]["key"]["S"] for request in requests[: self.at_once]]
        left = requests[self.at_once :]
        return {"UnprocessedItems": {table: left} if left else {}}


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_PAUSES_S", (0.0, 0.0, 0.0))


async def test_what_is_left_is_removed_by_another_call() -> None:
    client, keys = Batches(10), [{"key": f"k{number}"} for number in range(60)]
    await Database(client, "p").delete_many("cache", keys)
    assert client.removed == [key["key"] for key in keys]
    assert client.calls == 3 + 3 + 1


async def test_it_gives_up_on_a_table_that_takes_none() -> None:
    client = Batches(0)
    with pytest.raises(StoreUnavailable):
        await Database(client, "p").delete_many("cache", [{"key": "k"}])
    assert client.calls == 4
