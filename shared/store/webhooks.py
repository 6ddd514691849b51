"""The endpoints of tenants: some that all their events are matched against, and one for each instance that has one of
its own, which is read by its key (models/made_for.py). So a tenant of thousands costs an event what one of few does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from shared.models.endpoint_health import health_from, revived
from shared.models.made_for import FIRST_ID
from shared.models.webhook import Ordering, SealedSecret, Webhook
from shared.store.conflicts import commit
from shared.store.database import Condition, ConditionFailed, Database, Delete, Put, Update

TABLE = "webhooks"
FEW = 16
"""So many of a tenant are read in one call, whatever they are made for: another call costs more."""


class Webhooks:
    """The endpoints of all tenants."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def get(self, tenant: str, webhook_id: str) -> Webhook | None:
        """An endpoint, or None."""
        values = await self._db.get(TABLE, {"tenant": tenant, "id": webhook_id})
        return from_values(values) if values else None

    async def get_many(self, tenant: str, ids: Collection[str]) -> list[Webhook]:
        """Those of a tenant's endpoints that there are, in no order."""
        keys = [{"tenant": tenant, "id": one} for one in ids]
        return [from_values(values) for values in await self._db.get_many(TABLE, keys, consistent=True)]

    async def of_no_instance(self, tenant: str, after: str | None = None) -> list[Webhook]:
        """Those of a tenant's endpoints that are made for no instance, by id; only those that come `after` an id."""
        where = Condition("#t = :t AND #k < :k", {"t": "tenant", "k": "id"}, {"t": tenant, "k": FIRST_ID})
        start = {"tenant": tenant, "id": after} if after else None
        return [from_values(values) for values in await self._db.query_all(TABLE, where, start=start)]

    async def candidates(self, tenant: str, ids: Collection[str]) -> list[Webhook]:
        """The endpoints of a tenant that are made for no instance, and of the others at least those of these `ids`."""
        values, last = await self._db.query(TABLE, _of(tenant), limit=FEW, consistent=True)
        found = [from_values(one) for one in values]
        if last is None:
            return found
        after = last["id"]
        made = self.get_many(tenant, [one for one in ids if one > max(after, FIRST_ID)])
        if after > FIRST_ID:
            return found + await made
        others, own = await asyncio.gather(self.of_no_instance(tenant, after), made)
        return found + others + own

    async def page(self, tenant: str, limit: int, after: str | None = None) -> tuple[list[Webhook], str | None]:
        """A tenant's endpoints by id, and the id to continue after."""
        start = {"tenant": tenant, "id": after} if after else None
        found, last = await self._db.query(TABLE, _of(tenant), limit=limit, start=start, consistent=True)
        return [from_values(values) for values in found], last["id"] if last else None

    async def save(self, webhook: Webhook) -> None:
        """Stores an endpoint, new or changed."""
        await self._db.write(put(webhook))

    async def change(self, seen: Webhook, entry: Put | None = None, /, **sets: Any) -> bool:
        """Stores new values of some fields, with `entry` for the journal; False when the endpoint is gone.

        New `secrets` are stored only while the present ones are still those of `seen`; False when they are not.
        """
        exists = Condition("attribute_exists(#k)", {"k": "id"})
        if "secrets" in sets:
            sets["secrets"] = [asdict(secret) for secret in sets["secrets"]]
            unchanged = {"x": [asdict(secret) for secret in seen.secrets]}
            exists = Condition("attribute_exists(#k) AND #x = :x", {"k": "id", "x": "secrets"}, unchanged)
        update = Update(TABLE, {"tenant": seen.tenant, "id": seen.id}, sets=sets, condition=exists)
        if entry:
            return await commit(self._db, [update, entry])
        try:
            await self._db.write(update)
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


def set_url(seen: Webhook, url: str, now: float) -> Update:
    """The write that points an existing endpoint at another URL, of whose health nothing is known; refused when it is
    gone. A catch-up is on from `now`."""
    exists = Condition("attribute_exists(#k)", {"k": "id"})
    sets = {"url": url, **revived(seen.health, now)}
    return Update(TABLE, {"tenant": seen.tenant, "id": seen.id}, sets=sets, condition=exists)


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


def _of(tenant: str) -> Condition:
    return Condition("#t = :t", {"t": "tenant"}, {"t": tenant})


def _secret(values: dict[str, Any]) -> SealedSecret:
    return SealedSecret(**{name: values[name] for name in SealedSecret.__dataclass_fields__ if name in values})
