"""How far replays have come; kept 30 days with the deliveries, in their table, beside those of the endpoint.

An endpoint has a place at work for one replay at a time, held as long as that one's lease. Whatever is noted of a
replay is written together with its hold on the place; what has lost it goes no further.
"""

from __future__ import annotations

from dataclasses import asdict

from shared.clock import parse_iso
from shared.models.replay import LEASE_S, Replay, replay_from
from shared.store.conflicts import commit
from shared.store.database import Condition, ConditionFailed, Database, Put, absent
from shared.store.deliveries import KEPT_S, TABLE
from shared.store.webhook_journal import EndpointChange, entry_put

_ENDED = "~"  # sorts after every delivery's id
_AT_WORK = "at-work"


class Replays:
    """The replays of all endpoints."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def get(self, tenant: str, webhook_id: str, replay_id: str) -> Replay | None:
        """A replay, or None."""
        values = await self._db.get(TABLE, {"webhook": _partition(tenant, webhook_id), "id": replay_id})
        return replay_from(values) if values else None

    async def at_work(self, tenant: str, webhook_id: str) -> str | None:
        """The id of the replay that has the endpoint's place, or had it last."""
        values = await self._db.get(TABLE, {"webhook": _partition(tenant, webhook_id), "id": _AT_WORK})
        return values["replay"] if values else None

    async def begin(self, replay: Replay, now: float) -> bool:
        """Stores a new replay, and that it began in the journal; False, and changes nothing, while there is another
        one of the endpoint. Raises StoreError."""
        free = Condition("attribute_not_exists(#u) OR #u < :n", {"u": "until"}, {"n": int(now)})
        told = entry_put(replay.tenant, replay.webhook_id, EndpointChange.REPLAY_STARTED, now, replay.id)
        return await commit(self._db, [_row(replay, now, absent("id")), _at_work(replay, now, free), told])

    async def save(self, replay: Replay, now: float, *, again: bool = False) -> None:
        """Stores how far a replay has come. Raises ConditionFailed, and changes nothing, when it had come further
        already; or, unless it may be stored `again`, just as far; or when another one has taken its place."""
        place = _place(replay)
        behind = Condition(f"attribute_not_exists(#p) OR #p {'<=' if again else '<'} :p", {"p": "place"}, {"p": place})
        own = Condition("attribute_not_exists(#r) OR #r = :r", {"r": "replay"}, {"r": replay.id})
        if not await commit(self._db, [_row(replay, now, behind), _at_work(replay, now, own)]):
            raise ConditionFailed(f"{replay.id} has come further, or another one has taken its place")


def _row(replay: Replay, now: float, condition: Condition) -> Put:
    key = {"webhook": _partition(replay.tenant, replay.webhook_id), "expires_at": int(now + KEPT_S)}
    return Put(TABLE, asdict(replay) | key | {"place": _place(replay)}, condition)


def _at_work(replay: Replay, now: float, condition: Condition) -> Put:
    until = 0 if replay.finished_at else _until(replay, now)
    key = {"webhook": _partition(replay.tenant, replay.webhook_id), "id": _AT_WORK, "expires_at": int(now + KEPT_S)}
    return Put(TABLE, key | {"replay": replay.id, "until": until}, condition)


def _until(replay: Replay, now: float) -> int:
    return int(parse_iso(replay.lease_until) if replay.lease_until else now + LEASE_S)


def _place(replay: Replay) -> str:
    return _ENDED if replay.finished_at else replay.cursor or ""


def _partition(tenant: str, webhook_id: str) -> str:
    return f"{tenant}#{webhook_id}#replays"
