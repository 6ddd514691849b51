"""How far each instance's events have come at endpoints that have them in order, in the table of deliveries.

Every change is on condition: a chain is taken as it was seen, and let go only if nobody has knocked meanwhile; so of
many senders one is at it, and who finds it held can rely on being heard. Kept for 30 days after the last change.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from shared.models.chain import Chain, chain_from
from shared.store.database import Condition, ConditionFailed, Database, Put, Update, Values
from shared.store.deliveries import KEPT_S, TABLE


class Chains:
    """The chains of all endpoints."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def get(self, tenant: str, webhook_id: str, instance: str, now: float) -> Chain | None:
        """A chain, or None."""
        values = await self._db.get(TABLE, {"webhook": _partition(tenant, webhook_id), "id": instance})
        return chain_from(values) if values and values["expires_at"] > now else None

    async def page(
        self, tenant: str, webhook_id: str, limit: int, now: float, start: str | None = None
    ) -> tuple[list[Chain], str | None]:
        """Chains of an endpoint by instance, and the one to continue after (None: no more)."""
        pk = _partition(tenant, webhook_id)
        found, last = await self._db.query(
            TABLE,
            Condition("#w = :w", {"w": "webhook"}, {"w": pk}),
            limit=limit,
            start={"webhook": pk, "id": start} if start else None,
            consistent=True,
        )
        chains = [chain_from(values) for values in found if values["expires_at"] > now]
        return chains, last["id"] if last else None

    async def begin(self, chain: Chain, now: float) -> bool:
        """Stores one that there was not, or only of an earlier endpoint by the same id; False when there is one."""
        absent = Condition(
            "attribute_not_exists(#e) OR #e <= :n OR #m <> :m",
            {"e": "expires_at", "m": "made_at"},
            {"n": int(now), "m": chain.made_at},
        )
        values = asdict(chain) | _key(chain) | {"expires_at": int(now + KEPT_S)}
        return await self._done(Put(TABLE, values, absent))

    async def take(self, seen: Chain, holder: str, lease_until: float, now: float, asked_since: float) -> Chain | None:
        """The chain, taken by `holder`; None when it is no longer as it was seen."""
        taken = seen.taken(holder, lease_until, asked_since)
        sets: Values = {"holder": holder, "lease_until": lease_until, "asked_since": asked_since, "died": taken.died}
        sets |= {"waits_until": taken.waits_until, "aside": taken.aside}
        return taken if await self._update(seen, sets, _as_seen(seen), now) else None

    async def knock(self, seen: Chain, now: float) -> bool:
        """Has its holder look once more before it lets go; False when it is held by that one no longer."""
        return await self._update(seen, {}, _held_by(seen), now, adds={"knocks": 1})

    async def release(self, held: Chain, now: float, *, unheard: bool = False) -> Chain | None:
        """Lets go and stores how it is left (Chain.left). None: it is let go, or another has it.

        The chain as it is held on, where somebody has knocked; not where knocks are to be `unheard`."""
        sets: Values = {"cursor": held.cursor, "behind": held.behind, "waits_until": held.waits_until}
        sets |= {"aside": held.aside, "died": held.died, "holder": None, "lease_until": 0.0}
        condition = _held_by(held) if unheard else _held_by(held, knocks=held.knocks)
        if await self._update(held, sets, condition, now) or unheard:
            return None
        found = await self.get(held.tenant, held.webhook_id, held.instance, now)
        return replace(held, knocks=found.knocks) if found and found.holder == held.holder else None

    async def _update(
        self, chain: Chain, sets: Values, condition: Condition, now: float, adds: dict[str, int] | None = None
    ) -> bool:
        sets = sets | {"expires_at": int(now + KEPT_S)}
        return await self._done(Update(TABLE, _key(chain), sets=sets, adds=adds or {}, condition=condition))

    async def _done(self, write: Put | Update) -> bool:
        try:
            await self._db.write(write)
        except ConditionFailed:
            return False
        return True


def _held_by(chain: Chain, knocks: int | None = None) -> Condition:
    held = Condition("#h = :h", {"h": "holder"}, {"h": chain.holder})
    if knocks is None:
        return held
    return Condition(f"{held.expression} AND #n = :n", held.names | {"n": "knocks"}, held.values | {"n": knocks})


def _as_seen(seen: Chain) -> Condition:
    """All that who takes it goes by: another may have taken it and let it go since, and have come no further."""
    names = {"c": "cursor", "h": "holder", "n": "knocks", "l": "lease_until", "w": "waits_until"}
    names |= {"b": "behind", "d": "died"}
    values: dict[str, Any] = {"c": seen.cursor, "n": seen.knocks, "l": seen.lease_until, "w": seen.waits_until}
    values |= {"b": seen.behind, "d": seen.died}
    same = "#c = :c AND #n = :n AND #l = :l AND #w = :w AND #b = :b AND (attribute_not_exists(#d) OR #d = :d) AND "
    if seen.holder is None:
        return Condition(f"{same} attribute_not_exists(#h)", names, values)
    return Condition(f"{same} #h = :h", names, values | {"h": seen.holder})


def _partition(tenant: str, webhook_id: str) -> str:
    return f"{tenant}#{webhook_id}#chains"


def _key(chain: Chain) -> Values:
    return {"webhook": _partition(chain.tenant, chain.webhook_id), "id": chain.instance}
