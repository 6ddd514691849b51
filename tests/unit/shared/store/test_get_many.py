"""Reading many items: DynamoDB takes 100 keys at once and may leave some of them for later."""

from __future__ import annotations

from typing import Any

import pytest

from shared.store import database
from shared.store.database import Database, StoreUnavailable


class Batches:
    """A client that reads `at_once` items of a call and leaves the other keys."""

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        self.calls = 0

    async def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        ((table, request),) = RequestItems.items()
        keys = request["Keys"]
        assert 0 < len(keys) <= 100
        self.calls += 1
        left = {table: request | {"Keys": keys[self.at_once :]}} if keys[self.at_once :] else {}
        return {"Responses": {table: keys[: self.at_once]}, "UnprocessedKeys": left}


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_PAUSES_S", (0.0, 0.0, 0.0))


async def test_what_is_left_is_read_by_another_call() -> None:
    client, keys = Batches(40), [{"key": f"k{number}"} for number in range(150)]
    assert await Database(client, "p").get_many("webhooks", keys) == keys
    assert client.calls == 3 + 2


async def test_it_gives_up_on_a_table_that_gives_none() -> None:
    client = Batches(0)
    with pytest.raises(StoreUnavailable):
        await Database(client, "p").get_many("webhooks", [{"key": "k"}])
    assert client.calls == 4
