"""The log as it is asked for: all of it, or some types and times of it in bounded steps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from functions.api.events.times import SKEW_S, begins_at, ends_at
from functions.api.services import Services
from shared.ids import first_id_at
from shared.store.events import sequence_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events: of these types (none: of all), noted from `since` up to and with `until` (unix seconds)."""

    types: tuple[str, ...] = ()
    since: float | None = None
    until: float | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return not self.types and self.since is None and self.until is None

    def has_time_of(self, event_id: str) -> bool:
        """Whether an event of this id was noted in time, to the millisecond."""
        low = "" if self.since is None else first_id_at("evt", self.since)
        return low <= event_id and (self.until is None or event_id < first_id_at("evt", self.until + 0.001))

    def is_over(self, now: float) -> bool:
        """Whether nothing can be added to it any more."""
        return self.until is not None and self.until + SKEW_S < now


@dataclass(frozen=True, slots=True)
class Part:
    """The events that were found, up to which sequence was looked, and whether that is all that there is now."""

    bodies: Sequence[str]
    looked_at: int
    is_all: bool = True


async def read_log(services: Services, instance: str, after: int, limit: int, wanted: Wanted) -> Part:
    """What follows `after`: up to `limit` of the events that are wanted. Raises StoreError."""
    if wanted.is_all:
        bodies = await services.events.after(instance, after, limit)
        return Part(bodies, sequence_of(bodies[-1]) if bodies else after)
    return await _sifted(services, instance, after, limit, wanted)


async def _sifted(services: Services, instance: str, after: int, limit: int, wanted: Wanted) -> Part:
    log = services.events
    through = (await log.mark(instance)).last  # all up to here are in the log when it is read
    if after < through and wanted.since is not None:
        after = await begins_at(log, instance, wanted.since - SKEW_S, after, through)
    if after < through and wanted.until is not None:
        through = await ends_at(log, instance, wanted.until + SKEW_S, after, through)
    if after >= through:
        return Part((), after)
    bodies, looked_at = await log.matching(instance, after, through, wanted.types, limit)
    if wanted.since is not None or wanted.until is not None:
        bodies = [body for body in bodies if wanted.has_time_of(json.loads(body)["id"])]
    return Part(bodies, looked_at, looked_at >= through)
