"""DynamoDB with plain values: the few calls that the store needs, and its errors.

StoreError              as such: DynamoDB does not take what was asked (too large, malformed); asking again is no use
|-- ConditionFailed     the item is not (or no longer) as the write expected
|-- TransactionRefused  some writes of a transaction were refused; `refused` holds their positions
`-- StoreUnavailable    DynamoDB could not be reached, did not answer or let us in; the outcome of a write is unknown
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from shared.store.values import from_item, to_attribute, to_item

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Values = dict[str, Any]


class StoreError(Exception):
    """A call to the store that did not succeed."""


class ConditionFailed(StoreError):
    """The condition of a write did not hold."""


class TransactionRefused(StoreError):
    """Nothing was written. `refused` are the positions whose condition failed; empty: a conflict, try again."""

    def __init__(self, refused: tuple[int, ...]) -> None:
        super().__init__(f"refused: {refused}" if refused else "conflict with another transaction")
        self.refused = refused


class StoreUnavailable(StoreError):
    """No answer, or one that says to try later."""


@dataclass(frozen=True, slots=True)
class Condition:
    """An expression such as `#s = :sending`, its names and values without their marks."""

    expression: str
    names: dict[str, str] = field(default_factory=dict)
    values: Values = field(default_factory=dict)

    def arguments(self) -> dict[str, Any]:
        """The call's arguments for names and values."""
        arguments: dict[str, Any] = {}
        if self.names:
            arguments["ExpressionAttributeNames"] = {f"#{name}": real for name, real in self.names.items()}
        if self.values:
            arguments["ExpressionAttributeValues"] = {f":{n}": to_attribute(v) for n, v in self.values.items()}
        return arguments


def absent(key: str) -> Condition:
    """The item does not exist; `key` is any of its key attributes."""
    return Condition("attribute_not_exists(#k)", {"k": key})


@dataclass(frozen=True, slots=True)
class Put:
    """Writes a whole item."""

    table: str
    values: Values
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """Changes an item: `sets` to values, `adds` to numbers, `appends` lists, `removes` attributes."""

    table: str
    key: Values
    sets: Values = field(default_factory=dict)
    adds: dict[str, int] = field(default_factory=dict)
    appends: dict[str, list[Any]] = field(default_factory=dict)
    removes: tuple[str, ...] = ()
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Removes an item."""

    table: str
    key: Values
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Only asks that a condition holds, as part of a transaction."""

    table: str
    key: Values
    condition: Condition


Write = Put | Update | Delete | Check


class Database:
    """One deployment's tables. Table names are given without the prefix."""

    def __init__(self, client: Any, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def name(self, table: str) -> str:
        """A table's full name."""
        return f"{self._prefix}-{table}"

    async def get(self, table: str, key: Values, *, consistent: bool = True) -> Values | None:
        """The item of a key, or None."""
        async with _errors():
            answer = await self._client.get_item(
                TableName=self.name(table), Key=to_item(key), ConsistentRead=consistent
            )
        return from_item(answer["Item"]) if "Item" in answer else None

    async def get_many(self, table: str, keys: Sequence[Values]) -> list[Values]:
        """The items that exist of up to 100 keys, in no order."""
        name, found = self.name(table), []
        wanted: dict[str, Any] = {name: {"Keys": [to_item(key) for key in keys]}} if keys else {}
        while wanted:
            async with _errors():
                answer = await self._client.batch_get_item(RequestItems=wanted)
            found += [from_item(item) for item in answer["Responses"].get(name, [])]
            wanted = answer.get("UnprocessedKeys") or {}
        return found

    async def write(self, write: Put | Update | Delete) -> None:
        """One write. Raises ConditionFailed when its condition does not hold."""
        call = {Put: "put_item", Update: "update_item", Delete: "delete_item"}[type(write)]
        async with _errors():
            await getattr(self._client, call)(**self._arguments(write))

    async def put_many(self, puts: Sequence[Put]) -> None:
        """Up to 25 items of different keys, each written or not on its own; without conditions.

        Raises StoreError when not all were written."""
        wanted: dict[str, Any] = {}
        for put in puts:
            wanted.setdefault(self.name(put.table), []).append({"PutRequest": {"Item": to_item(put.values)}})
        async with _errors():
            answer = await self._client.batch_write_item(RequestItems=wanted)
        if answer.get("UnprocessedItems"):
            raise StoreUnavailable("not all items were taken")

    async def transact(self, writes: Sequence[Write], token: str | None = None) -> None:
        """Up to 100 writes, all or none. The same `token` within 10 minutes is carried out once.

        Raises TransactionRefused with the positions whose condition did not hold.
        """
        items = [{_VERB[type(write)]: self._arguments(write)} for write in writes]
        extra = {"ClientRequestToken": token} if token else {}
        async with _errors():
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
    ) -> tuple[list[Values], Values | None]:
        """One page of the items of a partition in key order, and the key to continue from (None: no more)."""
        arguments: dict[str, Any] = {
            "TableName": self.name(table),
            "KeyConditionExpression": where.expression,
            "ScanIndexForward": ascending,
            "ConsistentRead": consistent and index is None,
            **where.arguments(),
        }
        if index:
            arguments["IndexName"] = index
        if limit:
            arguments["Limit"] = limit
        if start:
            arguments["ExclusiveStartKey"] = to_item(start)
        async with _errors():
            answer = await self._client.query(**arguments)
        return _page(answer)

    async def query_all(self, table: str, where: Condition, *, index: str | None = None) -> list[Values]:
        """All items of a partition."""
        found, start = await self.query(table, where, index=index, consistent=True)
        while start:
            more, start = await self.query(table, where, index=index, start=start, consistent=True)
            found += more
        return found

    async def scan_all(self, table: str) -> list[Values]:
        """All items of a table; only for small tables."""
        found: list[Values] = []
        start: Values | None = {}
        while start is not None:
            extra = {"ExclusiveStartKey": to_item(start)} if start else {}
            async with _errors():
                answer = await self._client.scan(TableName=self.name(table), ConsistentRead=True, **extra)
            page, start = _page(answer)
            found += page
        return found

    async def table_names(self) -> set[str]:
        """The names of all tables, prefix included."""
        names: set[str] = set()
        async with _errors():
            async for page in self._client.get_paginator("list_tables").paginate():
                names.update(page["TableNames"])
        return names

    async def create_table(self, request: dict[str, Any]) -> None:
        """Makes a table from a CreateTable request and waits until it can be used."""
        async with _errors():
            await self._client.create_table(**request)
            await self._client.get_waiter("table_exists").wait(
                TableName=request["TableName"], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
            )

    async def enable_ttl(self, table: str, attribute: str) -> None:
        """Lets DynamoDB delete items after the unix time in `attribute`."""
        specification = {"Enabled": True, "AttributeName": attribute}
        async with _errors():
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
            arguments["UpdateExpression"] = _update_expression(write, names, values)
        if condition.expression:
            arguments["ConditionExpression"] = condition.expression
        return arguments | Condition("", names, values).arguments()


_VERB = {Put: "Put", Update: "Update", Delete: "Delete", Check: "ConditionCheck"}


def _update_expression(write: Update, names: dict[str, str], values: Values) -> str:
    sets, adds, removes = [], [], [*write.removes]
    for position, (name, value) in enumerate(write.sets.items()):
        if value is None:
            removes.append(name)
            continue
        names[f"s{position}"], values[f"s{position}"] = name, value
        sets.append(f"#s{position} = :s{position}")
    for position, (name, value) in enumerate(write.appends.items()):
        names[f"l{position}"], values[f"l{position}"], values["empty"] = name, value, []
        sets.append(f"#l{position} = list_append(if_not_exists(#l{position}, :empty), :l{position})")
    for position, (name, value) in enumerate(write.adds.items()):
        names[f"a{position}"], values[f"a{position}"] = name, value
        adds.append(f"#a{position} :a{position}")
    for position, name in enumerate(removes):
        names[f"r{position}"] = name
    parts = {"SET": sets, "ADD": adds, "REMOVE": [f"#r{position}" for position in range(len(removes))]}
    return " ".join(f"{verb} {', '.join(expressions)}" for verb, expressions in parts.items() if expressions)


def _page(answer: dict[str, Any]) -> tuple[list[Values], Values | None]:
    last = answer.get("LastEvaluatedKey")
    return [from_item(item) for item in answer["Items"]], from_item(last) if last else None


@asynccontextmanager
async def _errors() -> AsyncIterator[None]:
    """Turns the client's errors into the store's."""
    try:
        yield
    except ClientError as error:
        raise _translated(error) from error
    except ParamValidationError:
        raise StoreError("not a request that DynamoDB takes") from None  # the error would show the values
    except (BotoCoreError, OSError, TimeoutError) as error:
        raise StoreUnavailable(str(error)) from error


_LATER = {  # what says nothing about the request itself
    "TransactionInProgressException",
    "RequestLimitExceeded",
    "ProvisionedThroughputExceededException",
    "InternalServerError",
    "ServiceUnavailable",
    "ResourceNotFoundException",
    "AccessDeniedException",
    "ExpiredTokenException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
}
_PASSING = {"", "None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


def _translated(error: ClientError) -> StoreError:
    code = error.response.get("Error", {}).get("Code", "")
    if code == "ConditionalCheckFailedException":
        return ConditionFailed(str(error))
    if code in {"TransactionCanceledException", "TransactionConflictException"}:
        return _cancelled([reason.get("Code") or "" for reason in error.response.get("CancellationReasons", [])])
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    if status >= 500 or "Throttl" in code or code in _LATER:
        return StoreUnavailable(str(error))
    return StoreError(str(error))


def _cancelled(reasons: list[str]) -> StoreError:
    """The error of a cancelled transaction. A condition comes first: it holds whatever else was wrong."""
    refused = tuple(at for at, reason in enumerate(reasons) if reason == "ConditionalCheckFailed")
    lasting = sorted(set(reasons) - _PASSING)
    if lasting and not refused:
        return StoreError(f"transaction cancelled: {', '.join(lasting)}")
    return TransactionRefused(refused)
