"""The endpoints of tenants."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from typing import Any

from shared.models.endpoint_health import REVIVED, health_from
from shared.models.webhook import Ordering, SealedSecret, Webhook
from shared.store.database import Condition, ConditionFailed, Database, Delete, Put, Update

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

    async def page(self, tenant: str, limit: int, after: str | None = None) -> tuple[list[Webhook], str | None]:
        """A tenant's endpoints by id, and the id to continue after."""
        start = {"tenant": tenant, "id": after} if after else None
        where = Condition("#t = :t", {"t": "tenant"}, {"t": tenant})
        found, last = await self._db.query(TABLE, where, limit=limit, start=start, consistent=True)
        return [from_values(values) for values in found], last["id"] if last else None

    async def save(self, webhook: Webhook) -> None:
        """Stores an endpoint, new or changed."""
        await self._db.write(put(webhook))

    async def change(self, seen: Webhook, **sets: Any) -> bool:
        """Stores new values of some fields; False when the endpoint is gone.

        New `secrets` are stored only while the present ones are still those of `seen`; False when they are not.
        """
        exists = Condition("attribute_exists(#k)", {"k": "id"})
        if "secrets" in sets:
            sets["secrets"] = [asdict(secret) for secret in sets["secrets"]]
            unchanged = {"x": [asdict(secret) for secret in seen.secrets]}
            exists = Condition("attribute_exists(#k) AND #x = :x", {"k": "id", "x": "secrets"}, unchanged)
        try:
            await self._db.write(Update(TABLE, {"tenant": seen.tenant, "id": seen.id}, sets=sets, condition=exists))
        except ConditionFailed:
            return False
        return True

    async def seal_headers(self, seen: Webhook, sealed: dict[str, str]) -> None:
        """Stores sealed what `seen` has as it is; nothing where that has changed meanwhile."""
        unchanged = Condition("#h = :h", {"h": "headers"}, {"h": seen.headers})
        sets = {"headers": {}, "sealed_headers": sealed}
        with suppress(ConditionFailed):
            await self._db.write(Update(TABLE, {"tenant": seen.tenant, "id": seen.id}, sets=sets, condition=unchanged))

    async def delete(self, tenant: str, webhook_id: str) -> None:
        """Forgets an endpoint and its secrets."""
        await self._db.write(delete(tenant, webhook_id))


def put(webhook: Webhook, condition: Condition | None = None) -> Put:
    """The write that stores an endpoint."""
    values = asdict(webhook)
    return Put(TABLE, values | values.pop("health"), condition)  # attributes of the row, see webhook_health.py


def set_url(tenant: str, webhook_id: str, url: str) -> Update:
    """The write that points an existing endpoint at another URL, of whose health nothing is known; refused when it is
    gone."""
    exists = Condition("attribute_exists(#k)", {"k": "id"})
    return Update(TABLE, {"tenant": tenant, "id": webhook_id}, sets={"url": url, **REVIVED}, condition=exists)


def delete(tenant: str, webhook_id: str) -> Delete:
    """The write that forgets an endpoint, also where there is none."""
    return Delete(TABLE, {"tenant": tenant, "id": webhook_id})


def from_values(values: dict[str, Any]) -> Webhook:
    """The endpoint of its stored values."""
    known = {name: values[name] for name in Webhook.__dataclass_fields__ if name in values}
    for name in ("events", "instances"):
        known[name] = tuple(known[name])
    known["ordering"] = Ordering(known.get("ordering", Ordering.NONE))
    known["secrets"] = tuple(_secret(secret) for secret in known.get("secrets", ()))
    known["health"] = health_from(values)
    return Webhook(**known)


def _secret(values: dict[str, Any]) -> SealedSecret:
    return SealedSecret(**{name: values[name] for name in SealedSecret.__dataclass_fields__ if name in values})
