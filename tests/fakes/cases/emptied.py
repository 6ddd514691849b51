"""A table that is like new for the next case, in a tenth of the time that a new one takes."""

from __future__ import annotations

from shared.store.database import Database
from shared.store.deliveries import TABLE


async def emptied(database: Database) -> Database:
    """The database, with nothing in the table of deliveries."""
    keys = [{"webhook": one["webhook"], "id": one["id"]} for one in await database.scan_all(TABLE)]
    await database.delete_many(TABLE, keys)
    return database
