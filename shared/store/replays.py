"""How far replays have come; kept 30 days with the deliveries, in their table, beside those of the endpoint.

An endpoint has a place at work for one replay at a time, held as long as that one's lease. Whatever is noted of a
replay is written together with its hold on the place; what has lost it goes no further. Nor does what was ended: of
who ends it and who goes on with it at the same moment one is refused, and looks again.
"""

from __future__ import annotations

from dataclasses import asdict

from shared.clock import parse_iso
from shared.models.replay import LEASE_S, Replay, ReplayState, replay_from
from shared.models.stop_reason import StopReason
from shared.store.conflicts import Retries, commit
from shared.store.database import Condition, ConditionFailed, Database, Put, absent
from shared.store.deliveries import KEPT_S, TABLE
from shared.store.webhook_journal import EndpointChange, entry_put

_ENDED = "~"  # sorts after every delivery's id
_AT_WORK = "at-work"
_FIRST = "rpl_"  # sorts before every replay's id, and after that of the place at work


class Replays:
    """The replays of all endpoints."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def get(self, tenant: str, webhook_id: str, replay_id: str) -> Replay | None:
        """A replay, or None."""
        values = await self._db.get(TABLE, {"webhook": _partition(tenant, webhook_id), "id": replay_id})
        return replay_from(values) if values else None

    async def page(
        self, tenant: str, webhook_id: str, limit: int, start: str | None = None
    ) -> tuple[list[Replay], str | None]:
        """An endpoint's replays, newest first, and the id to continue from (None: no more)."""
        if start is not None and start < _FIRST:  # DynamoDB refuses to begin there
            return [], None
        key = _partition(tenant, webhook_id)
        where = Condition("#w = :w AND #i >= :first", {"w": "webhook", "i": "id"}, {"w": key, "first": _FIRST})
        begin = {"webhook": key, "id": start} if start else None
        found, last = await self._db.query(TABLE, where, limit=limit, ascending=False, start=begin, consistent=True)
        return [replay_from(values) for values in found], last["id"] if last else None

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
        if not await commit(self._db, [_row(replay, now, behind), _at_work(replay, now, _own(replay))]):
            raise ConditionFailed(f"{replay.id} has come further, or another one has taken its place")

    async def end(
        self,
        tenant: str,
        webhook_id: str,
        replay_id: str,
        state: ReplayState,
        now: float,
        reason: StopReason | None = None,
    ) -> Replay | None:
        """Ends a replay where it stands, tells the endpoint's journal, and leaves its place to another; gives it as it
        is then. What has ended before stays as it is. None: there is no such replay. Raises StoreError."""
        retries = Retries()
        while stored := await self.get(tenant, webhook_id, replay_id):
            stored = stored.as_of(now)
            if stored.finished_at:
                return stored
            ended = stored.ended(state, now, reason)
            told = entry_put(tenant, webhook_id, EndpointChange.REPLAY_FINISHED, now, ended.told())
            seen = Condition("#p = :p", {"p": "place"}, {"p": _place(stored)})
            if await commit(self._db, [_row(ended, now, seen), _at_work(ended, now, _own(ended)), told]):
                return ended
            await retries.again()
        return None


def _row(replay: Replay, now: float, condition: Condition) -> Put:
    key = {"webhook": _partition(replay.tenant, replay.webhook_id), "expires_at": int(now + KEPT_S)}
    return Put(TABLE, asdict(replay) | key | {"place": _place(replay)}, condition)


def _at_work(replay: Replay, now: float, condition: Condition) -> Put:
    until = 0 if replay.finished_at else _until(replay, now)
    key = {"webhook": _partition(replay.tenant, replay.webhook_id), "id": _AT_WORK, "expires_at": int(now + KEPT_S)}
    return Put(TABLE, key | {"replay": replay.id, "until": until}, condition)


def _own(replay: Replay) -> Condition:
    return Condition("attribute_not_exists(#r) OR #r = :r", {"r": "replay"}, {"r": replay.id})


def _until(replay: Replay, now: float) -> int:
    return int(parse_iso(replay.lease_until) if replay.lease_until else now + LEASE_S)


def _place(replay: Replay) -> str:
    return _ENDED if replay.finished_at else replay.cursor or ""


def _partition(tenant: str, webhook_id: str) -> str:
    return f"{tenant}#{webhook_id}#replays"
