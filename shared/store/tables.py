"""Every table: its keys, its index, what expires. The same definitions make them locally and in CDK."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from shared.store.database import Database

TTL_ATTRIBUTE = "expires_at"  # unix seconds; deleted late by DynamoDB, so it is compared on every read


@dataclass(frozen=True, slots=True)
class Key:
    """A key attribute; `kind` is S (text) or N (number)."""

    name: str
    kind: str = "S"


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index with all attributes, or only the keys."""

    name: str
    partition: Key
    sort: Key | None = None
    keys_only: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table, its name without the deployment's prefix."""

    name: str
    partition: Key
    sort: Key | None = None
    index: Index | None = None
    expires: bool = False


INSTANCES = Table("instances", Key("tenant"), Key("id"), Index("by-partition", Key("partition", "N"), Key("id")))
MESSAGES = Table(
    "messages",
    Key("instance"),
    Key("id"),  # a message's id, or `key#<idempotency key>`
    Index("by-whatsapp-id", Key("instance"), Key("whatsapp_id"), keys_only=True),
    expires=True,
)
EVENTS = Table("events", Key("instance"), Key("sequence", "N"), expires=True)
JOURNAL = Table("journal", Key("instance"), Key("at"), expires=True)
WEBHOOKS = Table("webhooks", Key("tenant"), Key("id"))
DELIVERIES = Table("deliveries", Key("webhook"), Key("id"), expires=True)
CACHE = Table("cache", Key("key"), expires=True)
PARTITIONS = Table("partitions", Key("partition", "N"), Key("kind"))  # kind: lease, fence, outbox, load
HOSTS = Table("hosts", Key("id"), expires=True)
KEYS = Table("keys", Key("digest"))

ALL = (INSTANCES, MESSAGES, EVENTS, JOURNAL, WEBHOOKS, DELIVERIES, CACHE, PARTITIONS, HOSTS, KEYS)


async def create_tables(database: Database) -> None:
    """Makes the tables that are missing, with their TTL; for an AWS on this machine."""
    existing = await database.table_names()
    await asyncio.gather(*(_create(database, table) for table in ALL if database.name(table.name) not in existing))


async def _create(database: Database, table: Table) -> None:
    await database.create_table(_request(table) | {"TableName": database.name(table.name)})
    if table.expires:
        await database.enable_ttl(table.name, TTL_ATTRIBUTE)


def _request(table: Table) -> dict[str, Any]:
    keys = [key for key in (table.partition, table.sort) if key]
    request: dict[str, Any] = {"BillingMode": "PAY_PER_REQUEST", "KeySchema": _schema(table.partition, table.sort)}
    if table.index:
        keys += [key for key in (table.index.partition, table.index.sort) if key]
        projection = {"ProjectionType": "KEYS_ONLY" if table.index.keys_only else "ALL"}
        schema = _schema(table.index.partition, table.index.sort)
        request["GlobalSecondaryIndexes"] = [
            {"IndexName": table.index.name, "KeySchema": schema, "Projection": projection}
        ]
    request["AttributeDefinitions"] = [
        {"AttributeName": key.name, "AttributeType": key.kind} for key in {key.name: key for key in keys}.values()
    ]
    return request


def _schema(partition: Key, sort: Key | None) -> list[dict[str, str]]:
    schema = [{"AttributeName": partition.name, "KeyType": "HASH"}]
    return [*schema, {"AttributeName": sort.name, "KeyType": "RANGE"}] if sort else schema
