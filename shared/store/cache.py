"""Values that expire: QR codes, number validations, what commands leave. Expiry is checked on every read.

| kind | name | counted | remembered by the process |
|---|---|---|---|
| qr | text form of InstanceKey | yes | no: it is replaced and removed by another process |
| numbers | `<tenant>#<number>` | yes | for some seconds |
| result, tries | a command's id | no: nothing would be asked again without them | no |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from shared.store.cache_counts import CacheCounts
from shared.store.cache_memory import CacheMemory
from shared.store.database import Condition, Database, Delete, Put, StoreUnavailable

if TYPE_CHECKING:
    from shared.clock import Clock

TABLE = "cache"
_PUTS_AT_ONCE = 25  # what BatchWriteItem takes


class CacheKind(StrEnum):
    """What is kept; see the module for what it goes by."""

    QR = "qr"
    NUMBERS = "numbers"
    RESULT = "result"
    TRIES = "tries"


COUNTED = (CacheKind.QR, CacheKind.NUMBERS)
"""What serves as a cache, and may be cleared."""


class Cache:
    """The cache that all processes share. `flush` now and then; what it does not hand over is lost with the process."""

    def __init__(self, database: Database, clock: Clock, memory: CacheMemory | None = None) -> None:
        self._db = database
        self._clock = clock
        self._memory = memory or CacheMemory(clock)
        self._counts = CacheCounts(database, clock)

    async def get(self, kind: CacheKind, name: str, *, counted: bool = True) -> dict[str, Any] | None:
        """A value that has not expired, or None. Not `counted`: a look that asks once more for the same."""
        found = self._remembered(kind, [name])
        if not found:
            values = await self._db.get(TABLE, {"key": f"{kind}#{name}"})
            found = self._fresh(kind, [values] if values else [], counted=counted)
        self._count(kind, len(found), 1, counted)
        return found.get(name)

    async def get_many(
        self, kind: CacheKind, names: Iterable[str], *, counted: bool = True
    ) -> dict[str, dict[str, Any]]:
        """The values that have not expired, by name. What was put a moment ago is among them."""
        wanted = list(dict.fromkeys(names))
        found = self._remembered(kind, wanted)
        keys = [{"key": f"{kind}#{name}"} for name in wanted if name not in found]
        if keys:
            stored = await self._db.get_many(TABLE, keys, consistent=True)
            found |= self._fresh(kind, stored, counted=counted)
        self._count(kind, len(found), len(wanted), counted)
        return found

    async def put(self, kind: CacheKind, name: str, value: dict[str, Any], ttl_s: float) -> None:
        """Keeps a value for `ttl_s` seconds, in place of the one before."""
        put = self._put(kind, name, value, ttl_s)
        await self._db.write(put)
        self._written(kind, [put])

    async def put_many(self, kind: CacheKind, values: Mapping[str, tuple[dict[str, Any], float]]) -> None:
        """Keeps values for so many seconds each, by name. Raises StoreError when not all were written."""
        puts = [self._put(kind, name, value, ttl_s) for name, (value, ttl_s) in values.items()]
        for start in range(0, len(puts), _PUTS_AT_ONCE):
            some = puts[start : start + _PUTS_AT_ONCE]
            if await self._db.put_many(some):
                raise StoreUnavailable("not all values were taken")
            self._written(kind, some)

    async def delete(self, kind: CacheKind, name: str) -> None:
        """Forgets a value."""
        self._memory.forget(f"{kind}#{name}")
        await self._db.write(Delete(TABLE, {"key": f"{kind}#{name}"}))

    async def clear(self, kinds: Iterable[CacheKind], tenant: str) -> int:
        """Forgets a tenant's values of some kinds of COUNTED, and tells how many there were. Raises StoreError.

        Reads the whole table once for it, and deletes page by page: what is gone stays gone if it breaks off. What was
        put in the last second may stay, and other processes may know some for REMEMBERED_S of cache_memory.py still.
        """
        prefixes = {f"p{number}": f"{kind}#{tenant}#" for number, kind in enumerate(kinds)}
        for prefix in prefixes.values():
            self._memory.forget(prefix)
        begins = Condition(" OR ".join(f"begins_with(#k, :{name})" for name in prefixes), {"k": "key"}, prefixes)
        cleared = 0
        async for page in self._db.scan(TABLE, begins, consistent=False):
            await self._db.delete_many(TABLE, [{"key": values["key"]} for values in page])
            cleared += len(page)
        return cleared

    async def counted(self) -> dict[str, dict[str, int]]:
        """{kind: {hits, misses, expired, writes}} since the beginning, over all processes; some seconds behind the
        others. They never go back. What was found expired is among the misses, too. Raises StoreError.
        """
        await self._counts.flush(now=True)
        return await self._counts.read(COUNTED)

    async def flush(self, *, now: bool = False) -> None:
        """Hands the counts over, every few seconds at most, or `now`. Costs a write when there is something to tell."""
        await self._counts.flush(now=now)

    def _remembered(self, kind: CacheKind, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        if kind is not CacheKind.NUMBERS:
            return {}
        held = ((name, self._memory.get(f"{kind}#{name}")) for name in names)
        return {name: value for name, value in held if value is not None}

    def _fresh(self, kind: CacheKind, stored: Sequence[dict[str, Any]], *, counted: bool) -> dict[str, dict[str, Any]]:
        fresh = [values for values in stored if values["expires_at"] > self._clock.unix()]
        if counted and kind in COUNTED:
            self._counts.add(kind, "expired", len(stored) - len(fresh))
        self._note(kind, fresh)
        return {values["key"].removeprefix(f"{kind}#"): values["value"] for values in fresh}

    def _count(self, kind: CacheKind, hits: int, asked: int, counted: bool) -> None:
        if counted and kind in COUNTED:
            self._counts.add(kind, "hits", hits)
            self._counts.add(kind, "misses", asked - hits)

    def _put(self, kind: CacheKind, name: str, value: dict[str, Any], ttl_s: float) -> Put:
        return Put(TABLE, {"key": f"{kind}#{name}", "value": value, "expires_at": self._clock.unix() + ttl_s})

    def _written(self, kind: CacheKind, puts: Sequence[Put]) -> None:
        if kind in COUNTED:
            self._counts.add(kind, "writes", len(puts))
        self._note(kind, [put.values for put in puts])

    def _note(self, kind: CacheKind, stored: Iterable[dict[str, Any]]) -> None:
        if kind is CacheKind.NUMBERS:
            for values in stored:
                self._memory.note(values["key"], values["value"], values["expires_at"])
