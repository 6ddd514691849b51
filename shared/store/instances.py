"""Instances: one item each, and how many each partition holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from shared.models.instance import Instance, InstanceKey, InstanceSettings, InstanceState, Reason, settings_from
from shared.store.database import (
    Condition,
    Database,
    Delete,
    Put,
    StoreUnavailable,
    TransactionRefused,
    Update,
    Write,
    absent,
)

TABLE = "instances"
_STANDING_FIELDS = ("id", "partition", "created_at", "state", "since", "deleting")
_TRIES = 12
_SLACK = 2  # how far parallel creations may overfill a partition before they look again


@dataclass(frozen=True, slots=True)
class Standing:
    """How an instance stands: its state `since` when (ISO 8601), and the partition that it is on."""

    key: InstanceKey
    state: InstanceState
    since: str
    partition: int


class InstanceExists(Exception):
    """The tenant has an instance of this id already."""


class PartitionsFull(Exception):
    """No partition has room for another instance: the deployment needs more of them."""


class Instances:
    """The instances of all tenants."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def get(self, key: InstanceKey) -> Instance | None:
        """An instance, or None when there is none or it is being deleted."""
        found = await self.get_any(key)
        return None if found is None or found.deleting else found

    async def get_any(self, key: InstanceKey) -> Instance | None:
        """An instance, one that is being deleted included."""
        values = await self._db.get(TABLE, {"tenant": key.tenant, "id": key.id})
        return from_values(values) if values else None

    async def page(self, tenant: str, limit: int, after: str | None = None) -> tuple[list[Instance], str | None]:
        """A tenant's instances by id, and the id to continue after."""
        start = {"tenant": tenant, "id": after} if after else None
        where = Condition("#t = :t", {"t": "tenant"}, {"t": tenant})
        found, last = await self._db.query(TABLE, where, limit=limit, start=start, consistent=True)
        return [from_values(v) for v in found if not v.get("deleting")], last["id"] if last else None

    async def standings(
        self, tenant: str, limit: int | None = None, after: str | None = None
    ) -> tuple[list[Standing], str | None]:
        """How a tenant's instances stand, by id, and the id to continue after; without a limit as many as 1 MB is.

        A third of the work that a page of whole instances is."""
        start = {"tenant": tenant, "id": after} if after else None
        where = Condition("#t = :t", {"t": "tenant"}, {"t": tenant})
        found, last = await self._db.query(
            TABLE, where, limit=limit, start=start, consistent=True, fields=_STANDING_FIELDS
        )
        return [_standing(tenant, v) for v in found if not v.get("deleting")], last["id"] if last else None

    async def of_partition(self, partition: int) -> list[Instance]:
        """The instances that a partition's owner looks after, those being deleted included."""
        where = Condition("#p = :p", {"p": "partition"}, {"p": partition})
        return [from_values(values) for values in await self._db.query_all(TABLE, where, index="by-partition")]

    async def create(
        self, instance: Instance, partitions: int, also: Sequence[Write] = (), *, capacity: int = 100
    ) -> Instance:
        """Stores a new instance on the emptiest of `partitions`, and `also` with it.

        Raises InstanceExists, and PartitionsFull when each holds `capacity` instances.
        """
        for attempt in range(_TRIES):
            loads = await self._loads(partitions)
            number = min(loads, key=lambda number: (loads[number], number))
            if loads[number] >= capacity:
                raise PartitionsFull(f"{partitions} partitions hold {capacity} instances each")
            placed = replace(instance, partition=number)
            slack = capacity if attempt == _TRIES - 1 else loads[number] + _SLACK
            count = _count(number, 1, at_most=min(slack, capacity - 1))
            try:
                await self._db.transact([_put_new(placed), count, *also])
            except TransactionRefused as refusal:
                if 0 in refusal.refused:
                    raise InstanceExists(instance.id) from refusal
                await asyncio.sleep(0.01 * (attempt + 1))
                continue
            return placed
        raise StoreUnavailable("too many instances are being created at once")

    async def change(
        self, key: InstanceKey, edit: Callable[[Instance], Instance], also: Sequence[Write] = ()
    ) -> Instance | None:
        """Stores the name and settings that `edit` makes of the present ones, and `also` with them; None: it is gone.

        `edit` is called again when another change came between. Raises TransactionRefused when `also` was refused.
        """
        for attempt in range(_TRIES):
            values = await self._db.get(TABLE, {"tenant": key.tenant, "id": key.id})
            if values is None or values.get("deleting"):
                return None
            changed = edit(from_values(values))
            try:
                await self._db.transact([_settings_update(changed, values["settings"]), *also])
            except TransactionRefused as refusal:
                if any(refusal.refused):  # a position behind the first
                    raise
                await asyncio.sleep(0.01 * attempt)
                continue
            return changed
        raise StoreUnavailable("too many changes of the instance at once")

    async def mark_deleting(self, key: InstanceKey, also: Sequence[Write] = ()) -> bool:
        """Hides an instance from its owner until its session host has erased it. False when there is none."""
        alive = Condition("attribute_exists(#k) AND attribute_not_exists(#d)", {"k": "id", "d": "deleting"})
        mark = Update(TABLE, {"tenant": key.tenant, "id": key.id}, sets={"deleting": True}, condition=alive)
        for attempt in range(_TRIES):
            try:
                await self._db.transact([mark, *also])
            except TransactionRefused as refusal:
                if 0 in refusal.refused:
                    return False
                if refusal.refused:
                    raise
                await asyncio.sleep(0.01 * attempt)  # its session host was writing to it
                continue
            return True
        raise StoreUnavailable("too many changes of the instance at once")

    async def erase(self, instance: Instance) -> None:
        """Removes the item for good and makes room on its partition.

        Doing it twice changes nothing more, nor does it touch a successor of the same id."""
        same = Condition("#c = :c", {"c": "created_at"}, {"c": instance.created_at})
        key = {"tenant": instance.tenant, "id": instance.id}
        try:
            await self._db.transact([Delete(TABLE, key, same), _count(instance.partition, -1)])
        except TransactionRefused as refusal:
            if not refusal.refused:  # another instance comes or goes at this moment
                raise StoreUnavailable(str(refusal)) from refusal

    async def _loads(self, partitions: int) -> dict[int, int]:
        keys = [{"partition": number, "kind": "load"} for number in range(partitions)]
        found = {v["partition"]: int(v.get("instances", 0)) for v in await self._db.get_many("partitions", keys)}
        return {number: found.get(number, 0) for number in range(partitions)}


def state_update(
    key: InstanceKey,
    state: InstanceState,
    since: str,
    reason: Reason | None = None,
    **identity: Any,
) -> Update:
    """The write that puts an instance into a state; `identity`: linked, jid, phone, lid, host where they change."""
    sets = {"state": state, "since": since, "reason": asdict(reason) if reason else None, **identity}
    exists = Condition("attribute_exists(#k)", {"k": "id"})
    return Update(TABLE, {"tenant": key.tenant, "id": key.id}, sets=sets, condition=exists)


def stored_settings(settings: InstanceSettings) -> dict[str, Any]:
    """Settings as they are stored."""
    return {name: value for name, value in asdict(settings).items() if value is not None}


def _standing(tenant: str, values: dict[str, Any]) -> Standing:
    state = InstanceState(values.get("state", InstanceState.CREATED))
    return Standing(
        InstanceKey(tenant, values["id"]), state, values.get("since") or values["created_at"], values["partition"]
    )


def from_values(values: dict[str, Any]) -> Instance:
    """The instance of its stored values."""
    known = {name: values[name] for name in Instance.__dataclass_fields__ if name in values}
    known["state"] = InstanceState(known.get("state", InstanceState.CREATED))
    known["settings"] = settings_from(known.get("settings") or {})
    known["reason"] = Reason(**known["reason"]) if known.get("reason") else None
    return Instance(**known)


def _settings_update(changed: Instance, seen: dict[str, Any]) -> Update:
    condition = Condition(
        "attribute_exists(#k) AND attribute_not_exists(#d) AND #x = :x",
        {"k": "id", "d": "deleting", "x": "settings"},
        {"x": seen},
    )
    sets = {"settings": stored_settings(changed.settings), "name": changed.name}
    return Update(TABLE, {"tenant": changed.tenant, "id": changed.id}, sets=sets, condition=condition)


def _put_new(instance: Instance) -> Put:
    values = asdict(instance) | {"settings": stored_settings(instance.settings)}
    values.pop("deleting")
    return Put(TABLE, values, absent("id"))


def _count(partition: int, by: int, at_most: int | None = None) -> Update:
    condition = None
    if at_most is not None:
        condition = Condition("attribute_not_exists(#n) OR #n <= :n", {"n": "instances"}, {"n": at_most})
    key = {"partition": partition, "kind": "load"}
    return Update("partitions", key, adds={"instances": by}, condition=condition)
