"""Keys' rows and API Gateway in memory, and a fuse that cuts a run off before one of its writes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from shared.models.issued_key import IssuedKey, KeyState
from shared.store.database import ConditionFailed, TransactionRefused


class Cut(Exception):
    """The process ended here."""


@dataclass
class Fuse:
    """Lets `left` writes through; None: all."""

    left: int | None = None
    writes: int = 0

    def write(self) -> None:
        if self.left == 0:
            raise Cut
        self.writes += 1
        self.left = None if self.left is None else self.left - 1


@dataclass
class MemoryRows:
    """As DynamoDB keeps them, conditions included."""

    fuse: Fuse = field(default_factory=Fuse)
    rows: dict[str, IssuedKey] = field(default_factory=dict)

    async def all(self) -> list[IssuedKey]:
        return sorted(self.rows.values(), key=lambda key: key.created_at)

    async def find(self, digest: str) -> IssuedKey | None:
        return self.rows.get(digest)

    async def begin(self, key: IssuedKey) -> None:
        self.fuse.write()
        self.rows[key.digest] = replace(key, state=KeyState.MAKING)

    async def activate(self, key: IssuedKey, replaces: IssuedKey | None = None, until: float = 0) -> None:
        self.fuse.write()
        row, old = self.rows.get(key.digest), replaces and self.rows.get(replaces.digest)
        if row is None or row.state is not KeyState.MAKING or (replaces and not _unchanged(old, replaces)):
            raise TransactionRefused((0,))
        self.rows[key.digest] = replace(row, state=KeyState.ACTIVE)
        if old:
            self.rows[old.digest] = replace(old, expires_at=until, replaced_by=key.key_id, meant_until=old.intended_end)

    async def end(self, key: IssuedKey) -> None:
        self.fuse.write()
        row = self.rows.get(key.digest)
        if row is None or row.state is not key.state:
            raise ConditionFailed("not as it was seen")
        self.rows[key.digest] = replace(row, state=KeyState.ENDING)

    async def forget(self, key: IssuedKey) -> None:
        self.fuse.write()
        self.rows.pop(key.digest, None)


def _unchanged(row: IssuedKey | None, seen: IssuedKey) -> bool:
    return row is not None and row.state is KeyState.ACTIVE and row.replaced_by == seen.replaced_by


@dataclass
class MemoryGateway:
    """API Gateway's keys by id, and which of them are on a plan."""

    fuse: Fuse = field(default_factory=Fuse)
    values: dict[str, str] = field(default_factory=dict)
    plans: dict[str, str] = field(default_factory=dict)
    failure: Exception | None = None

    async def check_plan(self, plan: str) -> None:
        if self.failure:
            raise self.failure

    async def make(self, key_id: str, value: str, plan: str, tenant: str) -> None:
        self.fuse.write()
        self.values[key_id] = value
        self.fuse.write()
        self.plans[key_id] = plan

    async def attach(self, key_id: str, plan: str) -> bool:
        self.fuse.write()
        if key_id in self.values:
            self.plans[key_id] = plan
        return key_id in self.values

    async def key_ids(self) -> list[str]:
        return list(self.values)

    async def delete(self, key_id: str) -> None:
        self.fuse.write()
        self.values.pop(key_id, None)
        self.plans.pop(key_id, None)
