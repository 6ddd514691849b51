"""Health of endpoints on their rows, changed on condition that it still is as it was seen.

Of many senders that see the same transition one writes it, and that one knows: it tells others about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.store.conflicts import commit
from shared.store.database import Condition, ConditionFailed, Database, Update
from shared.store.webhook_journal import EndpointChange, entry_put

TABLE = "webhooks"


class WebhookHealth:
    """The health of all endpoints."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def change(
        self,
        tenant: str,
        webhook_id: str,
        sets: Mapping[str, Any],
        seen: Mapping[str, Any],
        *,
        journal: tuple[EndpointChange, str | None] | None = None,
        at: float = 0.0,
    ) -> bool:
        """Stores `sets` (None: no longer so) while the attributes named in `seen` still have these values; with
        `journal` (code, detail) an entry as of `at` in the same transaction. False: it is no longer so, or the
        endpoint is gone. Raises StoreError."""
        update = Update(TABLE, {"tenant": tenant, "id": webhook_id}, sets=dict(sets), condition=_as_seen(seen))
        try:
            if journal is None:
                await self._db.write(update)
                return True
            code, detail = journal
            return await commit(self._db, [update, entry_put(tenant, webhook_id, code, at, detail)])
        except ConditionFailed:
            return False


def _as_seen(seen: Mapping[str, Any]) -> Condition:
    """The row exists and is as it was seen; a row that is gone must not come back as a stump."""
    parts, names, values = ["attribute_exists(#k)"], {"k": "id"}, {}
    for position, (name, value) in enumerate(seen.items()):
        mark = f"x{position}"
        names[mark] = name
        if value is None:
            parts.append(f"attribute_not_exists(#{mark})")
        else:
            parts.append(f"#{mark} = :{mark}")
            values[mark] = value
    return Condition(" AND ".join(parts), names, values)
