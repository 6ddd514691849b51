"""Values that expire: QR codes, number validations, what commands leave. Expiry is checked on every read."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from shared.store.database import Database, Delete, Put

if TYPE_CHECKING:
    from shared.clock import Clock

TABLE = "cache"


class CacheKind(StrEnum):
    """What is kept; `name` within a kind is the text form of InstanceKey, a number, or a command's id."""

    QR = "qr"
    NUMBERS = "numbers"
    RESULT = "result"
    TRIES = "tries"


class Cache:
    """The cache that all processes share."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def get(self, kind: CacheKind, name: str) -> dict[str, Any] | None:
        """A value that has not expired, or None."""
        values = await self._db.get(TABLE, {"key": f"{kind}#{name}"})
        if values is None or values["expires_at"] <= self._clock.unix():
            return None
        value: dict[str, Any] = values["value"]
        return value

    async def put(self, kind: CacheKind, name: str, value: dict[str, Any], ttl_s: float) -> None:
        """Keeps a value for `ttl_s` seconds, in place of the one before."""
        values = {"key": f"{kind}#{name}", "value": value, "expires_at": self._clock.unix() + ttl_s}
        await self._db.write(Put(TABLE, values))

    async def delete(self, kind: CacheKind, name: str) -> None:
        """Forgets a value."""
        await self._db.write(Delete(TABLE, {"key": f"{kind}#{name}"}))
