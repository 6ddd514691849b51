"""DynamoDB with plain values: the few calls that the store needs. Errors are those of shared.store.errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from shared.store.errors import (
    ConditionFailed,
    StoreError,
    StoreUnavailable,
    TransactionRefused,
    store_errors,
)
from shared.store.values import from_item, to_item
from shared.store.writes import (
    Check,
    Condition,
    Delete,
    Put,
    Update,
    Values,
    Write,
    absent,
    update_expression,
)

__all__ = [  # one door to what belongs together
    "Check",
    "Condition",
    "ConditionFailed",
    "Database",
    "Delete",
    "Put",
    "StoreError",
    "StoreUnavailable",
    "TransactionRefused",
    "Update",
    "Values",
    "Write",
    "absent",
]

_KEYS_AT_ONCE = 100  # what BatchGetItem takes
_WRITES_AT_ONCE = 25  # what BatchWriteItem takes
_PAUSES_S = (0.05, 0.1, 0.2, 0.4, 0.8)  # before what DynamoDB left of a batch is sent once more
_VERB = {Put: "Put", Update: "Update", Delete: "Delete", Check: "ConditionCheck"}


class Database:
    """One deployment's tables. Table names are given without the prefix."""

    def __init__(self, client: Any, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def name(self, table: str) -> str:
        """A table's full name."""
        return f"{self._prefix}-{table}"

    async def get(
        self, table: str, key: Values, *, consistent: bool = True, fields: Sequence[str] = ()
    ) -> Values | None:
        """The item of a key, or None; of it only `fields` where there are any."""
        projected = _projected(fields) | Condition("", _named(fields)).arguments() if fields else {}
        async with store_errors():
            answer = await self._client.get_item(
                TableName=self.name(table), Key=to_item(key), ConsistentRead=consistent, **projected
            )
        return from_item(answer["Item"]) if "Item" in answer else None

    async def get_many(
        self, table: str, keys: Sequence[Values], *, consistent: bool = False, fields: Sequence[str] = ()
    ) -> list[Values]:
        """The items that exist of these keys, in no order; of each only `fields` where there are any."""
        found: list[Values] = []
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            found += await self._get_some(table, keys[start : start + _KEYS_AT_ONCE], consistent, fields)
        return found

    async def _get_some(
        self, table: str, keys: Sequence[Values], consistent: bool, fields: Sequence[str]
    ) -> list[Values]:
        name, found = self.name(table), []
        request = {"Keys": [to_item(key) for key in keys], "ConsistentRead": consistent}
        if fields:
            request |= _projected(fields) | Condition("", _named(fields)).arguments()
        wanted: dict[str, Any] = {name: request}
        for pause_s in (0.0, *_PAUSES_S):
            await asyncio.sleep(pause_s)
            async with store_errors():
                answer = await self._client.batch_get_item(RequestItems=wanted)
            found += [from_item(item) for item in answer["Responses"].get(name, [])]
            wanted = answer.get("UnprocessedKeys") or {}
            if not wanted:
                return found
        raise StoreUnavailable("not all items were read")

    async def write(self, write: Put | Update | Delete) -> None:
        """One write. Raises ConditionFailed when its condition does not hold."""
        call = {Put: "put_item", Update: "update_item", Delete: "delete_item"}[type(write)]
        async with store_errors():
            await getattr(self._client, call)(**self._arguments(write))

    async def put_many(self, puts: Sequence[Put]) -> list[Values]:
        """Up to 25 items of different keys, each written or not on its own; without conditions. Gives back those that
        were not taken, as it happens where there is too much to do. Raises StoreError when none was."""
        wanted: dict[str, Any] = {}
        for put in puts:
            wanted.setdefault(self.name(put.table), []).append({"PutRequest": {"Item": to_item(put.values)}})
        async with store_errors():
            answer = await self._client.batch_write_item(RequestItems=wanted)
        left = answer.get("UnprocessedItems") or {}
        return [from_item(one["PutRequest"]["Item"]) for requests in left.values() for one in requests]

    async def transact(self, writes: Sequence[Write], token: str | None = None) -> None:
        """Up to 100 writes, all or none. The same `token` within 10 minutes is carried out once.

        Raises TransactionRefused with the positions whose condition did not hold.
        """
        items = [{_VERB[type(write)]: self._arguments(write)} for write in writes]
        extra = {"ClientRequestToken": token} if token else {}
        async with store_errors():
            await self._client.transact_write_items(TransactItems=items, **extra)

    async def query(
        self,
        table: str,
        where: Condition,
        *,
        index: str | None = None,
        limit: int | None = None,
        ascending: bool = True,
        start: Values | None = None,
        consistent: bool = False,
        keep: Condition | None = None,
        fields: Sequence[str] = (),
    ) -> tuple[list[Values], Values | None]:
        """One page of the items of a partition in key order, and the key to continue from (None: no more).

        What `keep` does not hold for is left out; it is read, counted and paid for all the same, as is what is not
        among `fields`, where there are any: that only spares taking it apart here.
        """
        other = keep or Condition("")
        named = Condition("", where.names | other.names | _named(fields), where.values | other.values)
        arguments: dict[str, Any] = {
            "TableName": self.name(table),
            "KeyConditionExpression": where.expression,
            "ScanIndexForward": ascending,
            "ConsistentRead": consistent and index is None,
            **named.arguments(),
        }
        if keep:
            arguments["FilterExpression"] = keep.expression
        if fields:
            arguments |= _projected(fields)
        if index:
            arguments["IndexName"] = index
        if limit:
            arguments["Limit"] = limit
        if start:
            arguments["ExclusiveStartKey"] = to_item(start)
        async with store_errors():
            answer = await self._client.query(**arguments)
        return _page(answer)

    async def query_all(
        self, table: str, where: Condition, *, index: str | None = None, start: Values | None = None
    ) -> list[Values]:
        """All items of a partition, or those after the key `start`."""
        found, start = await self.query(table, where, index=index, start=start, consistent=True)
        while start:
            more, start = await self.query(table, where, index=index, start=start, consistent=True)
            found += more
        return found

    async def delete_many(self, table: str, keys: Sequence[Values]) -> None:
        """Removes items, many at once. Raises StoreError when not all were removed in a second or two."""
        for start in range(0, len(keys), _WRITES_AT_ONCE):
            some = [{"DeleteRequest": {"Key": to_item(key)}} for key in keys[start : start + _WRITES_AT_ONCE]]
            await self._delete_some({self.name(table): some})

    async def _delete_some(self, wanted: dict[str, Any]) -> None:
        for pause_s in (0.0, *_PAUSES_S):
            await asyncio.sleep(pause_s)
            async with store_errors():
                answer = await self._client.batch_write_item(RequestItems=wanted)
            wanted = answer.get("UnprocessedItems") or {}
            if not wanted:
                return
        raise StoreUnavailable("not all items were removed")

    async def scan_all(self, table: str) -> list[Values]:
        """All items of a table; only for small ones."""
        return [values async for page in self.scan(table) for values in page]

    async def scan(
        self, table: str, keep: Condition | None = None, *, consistent: bool = True
    ) -> AsyncIterator[list[Values]]:
        """The items of a table page by page, or those that `keep` holds for; all are read, so seldom."""
        arguments: dict[str, Any] = {"TableName": self.name(table), "ConsistentRead": consistent}
        if keep:
            arguments |= {"FilterExpression": keep.expression, **keep.arguments()}
        start: Values | None = {}
        while start is not None:
            extra = {"ExclusiveStartKey": to_item(start)} if start else {}
            async with store_errors():
                answer = await self._client.scan(**arguments, **extra)
            page, start = _page(answer)
            yield page

    async def table_names(self) -> set[str]:
        """The names of all tables, prefix included."""
        names: set[str] = set()
        async with store_errors():
            async for page in self._client.get_paginator("list_tables").paginate():
                names.update(page["TableNames"])
        return names

    async def create_table(self, request: dict[str, Any]) -> None:
        """Makes a table from a CreateTable request and waits until it can be used."""
        async with store_errors():
            await self._client.create_table(**request)
            await self._client.get_waiter("table_exists").wait(
                TableName=request["TableName"], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
            )

    async def enable_ttl(self, table: str, attribute: str) -> None:
        """Lets DynamoDB delete items after the unix time in `attribute`."""
        specification = {"Enabled": True, "AttributeName": attribute}
        async with store_errors():
            await self._client.update_time_to_live(TableName=self.name(table), TimeToLiveSpecification=specification)

    def _arguments(self, write: Write) -> dict[str, Any]:
        condition = write.condition or Condition("")
        names, values = dict(condition.names), dict(condition.values)
        arguments: dict[str, Any] = {"TableName": self.name(write.table)}
        if isinstance(write, Put):
            arguments["Item"] = to_item(write.values)
        else:
            arguments["Key"] = to_item(write.key)
        if isinstance(write, Update):
            arguments["UpdateExpression"] = update_expression(write, names, values)
        if condition.expression:
            arguments["ConditionExpression"] = condition.expression
        return arguments | Condition("", names, values).arguments()


def _named(fields: Sequence[str]) -> dict[str, str]:
    return {f"f{at}": field for at, field in enumerate(fields)}


def _projected(fields: Sequence[str]) -> dict[str, str]:
    return {"ProjectionExpression": ", ".join(f"#{name}" for name in _named(fields))}


def _page(answer: dict[str, Any]) -> tuple[list[Values], Values | None]:
    last = answer.get("LastEvaluatedKey")
    return [from_item(item) for item in answer["Items"]], from_item(last) if last else None
