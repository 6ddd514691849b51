"""The journal of an endpoint: what changed about it and why, newest first, kept 30 days.

In the table of the instances' journals, under a key that no instance can have: an instance's id holds no `#`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.clock import iso
from shared.store.database import Condition, Database, Put, Values

TABLE = "journal"
KEPT_S = 30 * 86_400


class EndpointChange(StrEnum):
    """What an entry tells of."""

    FAILING = "failing"
    RECOVERED = "recovered"
    WARNED = "warned"
    DISABLED = "disabled"
    ENABLED = "enabled"
    SLOW = "slow"
    PAUSED = "paused"
    CHANGED = "changed"
    ROTATED = "rotated"
    REPLAY_STARTED = "replay_started"
    REPLAY_FINISHED = "replay_finished"


@dataclass(frozen=True, slots=True)
class EndpointEntry:
    """`at` is ISO 8601; `detail` is what the endpoint did, why it was disabled, or what was changed (safe to show its
    owner)."""

    at: str
    code: EndpointChange
    detail: str | None = None


class WebhookJournal:
    """The journals of all endpoints."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def page(
        self, tenant: str, webhook_id: str, limit: int, before: str | None = None
    ) -> tuple[list[EndpointEntry], str | None]:
        """All changes that are kept, newest first, and the mark to continue before. Raises StoreError."""
        key = _key(tenant, webhook_id)
        where = Condition("#i = :i", {"i": "instance"}, {"i": key})
        start = {"instance": key, "at": before} if before else None
        found, last = await self._db.query(TABLE, where, limit=limit, ascending=False, start=start, consistent=True)
        return [_entry(values) for values in found], last["at"] if last else None

    async def note(self, tenant: str, webhook_id: str, code: EndpointChange, at: float, detail: str | None) -> None:
        """Writes an entry; the same one twice is one. `at` in unix seconds. Raises StoreError."""
        await self._db.write(entry_put(tenant, webhook_id, code, at, detail))


def entry_put(tenant: str, webhook_id: str, code: EndpointChange, at: float, detail: str | None) -> Put:
    """The write of an entry. Its key is made of time and code, so that writing it again adds none."""
    values = {"instance": _key(tenant, webhook_id), "at": f"{iso(at)}#{code}", "code": code, "detail": detail}
    return Put(TABLE, values | {"expires_at": int(at + KEPT_S)})


def _entry(values: Values) -> EndpointEntry:
    return EndpointEntry(values["at"].partition("#")[0], EndpointChange(values["code"]), values.get("detail"))


def _key(tenant: str, webhook_id: str) -> str:
    return f"{tenant}#webhook#{webhook_id}"
