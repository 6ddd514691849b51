"""The endpoints of tenants."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from shared.models.webhook import SealedSecret, Webhook
from shared.store.database import Condition, Database, Delete, Put

TABLE = "webhooks"


class Webhooks:
    """The endpoints of all tenants."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def get(self, tenant: str, webhook_id: str) -> Webhook | None:
        """An endpoint, or None."""
        values = await self._db.get(TABLE, {"tenant": tenant, "id": webhook_id})
        return from_values(values) if values else None

    async def of_tenant(self, tenant: str) -> list[Webhook]:
        """All endpoints of a tenant, by id."""
        where = Condition("#t = :t", {"t": "tenant"}, {"t": tenant})
        return [from_values(values) for values in await self._db.query_all(TABLE, where)]

    async def save(self, webhook: Webhook) -> None:
        """Stores an endpoint, new or changed."""
        await self._db.write(Put(TABLE, asdict(webhook)))

    async def delete(self, tenant: str, webhook_id: str) -> None:
        """Forgets an endpoint and its secrets."""
        await self._db.write(Delete(TABLE, {"tenant": tenant, "id": webhook_id}))


def from_values(values: dict[str, Any]) -> Webhook:
    """The endpoint of its stored values."""
    known = {name: values[name] for name in Webhook.__dataclass_fields__ if name in values}
    for name in ("events", "instances"):
        known[name] = tuple(known[name])
    known["secrets"] = tuple(SealedSecret(**secret) for secret in known.get("secrets", ()))
    return Webhook(**known)
