"""Reading many items: DynamoDB takes 100 keys at once and may leave some of them for later."""

from __future__ import annotations

from typing import Any

from shared.store.database import Database
from shared.store.partitions import Partitions


class Batches:
    """A client that refuses more than 100 keys and answers at most 60 of a call."""

    async def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        ((table, read),) = RequestItems.items()
        keys = read["Keys"]
        assert 0 < len(keys) <= 100
        counts = {"counter": {"N": "7"}, "epoch": {"N": "3"}}
        left = {table: read | {"Keys": keys[60:]}} if keys[60:] else {}
        return {"Responses": {table: [key | counts for key in keys[:60]]}, "UnprocessedKeys": left}


async def test_the_leases_of_any_number_of_partitions_are_read() -> None:
    for count in (0, 1, 60, 100, 101, 250):
        leases = await Partitions(Database(Batches(), "p"), count).leases()
        assert [lease.partition for lease in leases] == list(range(count))
        assert all(lease.counter == 7 for lease in leases)
