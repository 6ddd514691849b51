"""The rows of API keys, for those who issue them; calls look keys up in shared/store/keys.py."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from shared.models.issued_key import IssuedKey, KeyState
from shared.store.database import Condition, Database, Delete, Put, Update, absent
from shared.store.keys import TABLE


class IssuedKeys:
    """All keys of a deployment. There are at most some thousands, as many as API Gateway holds."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def all(self) -> list[IssuedKey]:
        """Every key, oldest first."""
        found = [_issued(values) for values in await self._db.scan_all(TABLE)]
        return sorted(found, key=lambda key: (key.tenant, key.created_at, key.key_id))

    async def find(self, digest: str) -> IssuedKey | None:
        """The key of a digest, whatever its state."""
        values = await self._db.get(TABLE, {"digest": digest})
        return None if values is None else _issued(values)

    async def begin(self, key: IssuedKey) -> None:
        """Writes down a key that is to be made."""
        await self._db.write(Put(TABLE, asdict(key) | {"state": KeyState.MAKING}, absent("digest")))

    async def activate(self, key: IssuedKey, replaces: IssuedKey | None = None, until: float = 0) -> None:
        """Lets a key that was begun in; the one it replaces lets in until then. Both or none.

        Raises TransactionRefused when another run has begun to take either away, or has replaced the same key."""
        writes = [Update(TABLE, {"digest": key.digest}, {"state": KeyState.ACTIVE}, condition=_is(KeyState.MAKING))]
        if replaces:
            sets: dict[str, Any] = {"expires_at": until, "replaced_by": key.key_id}
            if replaces.intended_end is not None:
                sets["meant_until"] = replaces.intended_end
            condition = _is_active_and_replaced_by(replaces.replaced_by)
            writes.append(Update(TABLE, {"digest": replaces.digest}, sets, condition=condition))
        await self._db.transact(writes)

    async def end(self, key: IssuedKey) -> None:
        """Lets nobody in by this key any more. Raises ConditionFailed when it is not as it was seen."""
        condition = _is_active() if key.state is KeyState.ACTIVE else _is(key.state)
        await self._db.write(Update(TABLE, {"digest": key.digest}, {"state": KeyState.ENDING}, condition=condition))

    async def forget(self, key: IssuedKey) -> None:
        """Removes an ended key's row, its last trace; one that is gone is fine."""
        await self._db.write(Delete(TABLE, {"digest": key.digest}))


def _is(state: KeyState) -> Condition:
    return Condition("#s = :was", {"s": "state"}, {"was": state})


def _is_active() -> Condition:
    """A row without a state is one that `Keys.save` wrote."""
    names = {"s": "state", "d": "digest"}
    return Condition("attribute_exists(#d) AND (attribute_not_exists(#s) OR #s = :was)", names, {"was": "active"})


def _is_active_and_replaced_by(successor: str | None) -> Condition:
    active = _is_active()
    names = {**active.names, "r": "replaced_by"}
    if successor is None:
        return Condition(f"{active.expression} AND attribute_not_exists(#r)", names, active.values)
    return Condition(f"{active.expression} AND #r = :r", names, {**active.values, "r": successor})


def _issued(values: dict[str, Any]) -> IssuedKey:
    known = {name: values[name] for name in IssuedKey.__dataclass_fields__ if name in values}
    if "scopes" in known:
        known["scopes"] = tuple(known["scopes"])
    return IssuedKey(**known | {"state": KeyState(known.get("state", KeyState.ACTIVE))})
