"""Fills the local AWS with what deployments get from CDK: tables, queues, and the local tenant's key."""

from __future__ import annotations

from local.stack.keeper import PartFailed
from shared.aws import AwsSettings, client
from shared.clock import SystemClock
from shared.models.api_key import ApiKey, digest
from shared.queues.names import create_queues
from shared.queues.queue import QueueError
from shared.store.database import Database, Delete, StoreError
from shared.store.keys import TABLE, Keys
from shared.store.tables import create_tables

TENANT = "local"
KEY_ID = "key_local"


async def provision(endpoint: str, partitions: int, api_key: str, plan: str) -> None:
    """Makes what is missing; the key in use becomes the local tenant's only one. Raises PartFailed."""
    aws = AwsSettings(endpoint_url=endpoint, access_key="local", secret_key="local")  # noqa: S106 - it takes any
    try:
        async with client(aws, "dynamodb") as dynamodb, client(aws, "sqs") as sqs:
            database = Database(dynamodb, aws.prefix)
            await create_tables(database)
            await create_queues(sqs, aws.prefix, partitions)
            await _set_key(database, api_key, plan)
    except (StoreError, QueueError) as error:
        raise PartFailed(f"the local AWS could not be set up: {error}") from error


async def _set_key(database: Database, api_key: str, plan: str) -> None:
    await Keys(database, SystemClock()).save(api_key, ApiKey(KEY_ID, TENANT, plan))
    for other in await database.scan_all(TABLE):
        if other["key_id"] == KEY_ID and other["digest"] != digest(api_key):
            await database.write(Delete(TABLE, {"digest": other["digest"]}))
