"""Writing many items: DynamoDB may leave some of a call, which is nobody else's failure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from shared.clock import Clock
from shared.models.webhook import Delivery, DeliveryState
from shared.store.cache import Cache, CacheKind
from shared.store.database import Database, StoreUnavailable
from shared.store.deliveries import Deliveries
from tests.fakes.clock import FakeClock


class Batches:
    """A client that leaves those of a call that `leaves` names."""

    def __init__(self, leaves: Callable[[dict[str, Any]], bool]) -> None:
        self.leaves = leaves
        self.calls = 0

    async def batch_write_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        ((table, requests),) = RequestItems.items()
        self.calls += 1
        left = [request for request in requests if self.leaves(request["PutRequest"]["Item"])]
        return {"UnprocessedItems": {table: left} if left else {}}


def a_delivery(number: int, webhook_id: str = "wh_a") -> Delivery:
    return Delivery(
        id=f"dlv_{number}_a",
        tenant="acme",
        webhook_id=webhook_id,
        event_id=f"evt_{number}",
        event_type="x",
        state=DeliveryState.DELIVERED,
        created_at="",
    )


async def test_the_deliveries_that_were_left_are_given_back() -> None:
    client = Batches(lambda item: item["webhook"]["S"] == "acme#wh_b")
    deliveries = [a_delivery(1), a_delivery(2), a_delivery(2, "wh_b")]
    assert await Deliveries(Database(client, "t")).save_many(deliveries, 0) == deliveries[2:]
    assert client.calls == 1


async def test_of_values_that_were_not_all_taken_the_caller_hears() -> None:
    cache = Cache(Database(Batches(lambda _: True), "t"), cast(Clock, FakeClock()))
    with pytest.raises(StoreUnavailable):
        await cache.put_many(CacheKind.NUMBERS, {"acme#1": ({"jid": None}, 60.0)})
