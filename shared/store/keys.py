"""API keys, found by their digest. The keys themselves are never stored."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from shared.models.api_key import ApiKey, digest
from shared.models.issued_key import KeyState
from shared.remembered import Remembered
from shared.store.database import Database, Put

if TYPE_CHECKING:
    from shared.clock import Clock

TABLE = "keys"
REMEMBERED_S = 60.0


class Keys:
    """The keys of all tenants. A key that was found is remembered for a minute, so a revoked one works that long."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock
        self._remembered = Remembered[str, ApiKey](clock, REMEMBERED_S)

    async def find(self, key: str) -> ApiKey | None:
        """Whose key it is, or None when it is unknown, has expired, or is only being made or revoked."""
        name = digest(key)
        found = self._remembered.get(name)
        if found is None:
            found = await self._read(name)
            if found is None:
                return None
            self._remembered.note(name, found)
        return None if found.expires_at and found.expires_at <= self._clock.unix() else found

    async def save(self, key: str, record: ApiKey) -> None:
        """Stores whose key it is."""
        await self._db.write(Put(TABLE, asdict(record) | {"digest": digest(key)}))

    async def _read(self, name: str) -> ApiKey | None:
        values = await self._db.get(TABLE, {"digest": name})
        if values is None or values.get("state", KeyState.ACTIVE) != KeyState.ACTIVE:
            return None
        known = {field: values[field] for field in ApiKey.__dataclass_fields__ if field in values}
        if "scopes" in known:
            known["scopes"] = tuple(known["scopes"])
        return ApiKey(**known)
