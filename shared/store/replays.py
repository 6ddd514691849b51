"""How far replays have come; kept 30 days with the deliveries, in their table, beside those of the endpoint."""

from __future__ import annotations

from dataclasses import asdict

from shared.models.replay import Replay, replay_from
from shared.store.database import Condition, Database, Put
from shared.store.deliveries import KEPT_S, TABLE

_ENDED = "~"  # sorts after every delivery's id


class Replays:
    """The replays of all endpoints."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def get(self, tenant: str, webhook_id: str, replay_id: str) -> Replay | None:
        """A replay, or None."""
        values = await self._db.get(TABLE, {"webhook": _partition(tenant, webhook_id), "id": replay_id})
        return replay_from(values) if values else None

    async def save(self, replay: Replay, now: float, *, again: bool = False) -> None:
        """Stores how far a replay has come. Raises ConditionFailed, and changes nothing, when it had come further
        already; or, unless it may be stored `again`, just as far."""
        place = _ENDED if replay.finished_at else replay.cursor or ""
        behind = Condition(f"attribute_not_exists(#p) OR #p {'<=' if again else '<'} :p", {"p": "place"}, {"p": place})
        key = {"webhook": _partition(replay.tenant, replay.webhook_id), "expires_at": int(now + KEPT_S)}
        await self._db.write(Put(TABLE, asdict(replay) | key | {"place": place}, behind))


def _partition(tenant: str, webhook_id: str) -> str:
    return f"{tenant}#{webhook_id}#replays"
