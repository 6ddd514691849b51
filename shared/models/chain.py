"""An instance's events on their way to an endpoint that has them in order: how far it has come, and who is at it.

idle    all that was put on the queue so far is settled; the next event begins where the cursor is
held    a sender is at it until it lets go, or its lease runs out; others knock
waits   the event behind the cursor waits for its next attempt (`waits_until`); a task for it is on a queue. `aside`:
        that task takes the slow lane, whose tasks do not wait
behind  let go with more to come, for which a task comes too, or the endpoint is disabled
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """All events up to and with `cursor` are settled; those up to and with `first` were never its own. Times in unix
    seconds. `knocks` counts who came while it was held. `behind` is so too while it waits. `made_at` is its endpoint's
    `created_at`: one that is made anew may have the id of one before (empty: of an earlier version). `asked_since`:
    since when the endpoint asks for what it asks for, as its last holder knew it. `died`: a holder did, and may have
    come further; it stays so until all that is behind the cursor is seen to."""

    tenant: str
    webhook_id: str
    instance: str
    cursor: int
    first: int
    holder: str | None = None
    lease_until: float = 0.0
    knocks: int = 0
    behind: bool = False
    waits_until: float = 0.0
    aside: bool = False
    made_at: str = ""
    asked_since: float = 0.0
    died: bool = False

    def is_of(self, created_at: str) -> bool:
        """Whether it is of the endpoint that was created then, not of an earlier one by the same id."""
        return self.made_at in ("", created_at)

    def held_at(self, now: float) -> bool:
        """Whether a sender is at it."""
        return self.holder is not None and self.lease_until > now

    def taken(self, holder: str, lease_until: float, asked_since: float) -> Chain:
        """The chain once it is taken."""
        died = self.died or self.holder is not None
        kept = replace(self, holder=holder, lease_until=lease_until, asked_since=asked_since, died=died)
        return replace(kept, waits_until=0.0, aside=False)

    def left(self, cursor: int, *, behind: bool, waits_until: float = 0.0, aside: bool = False) -> Chain:
        """The chain as its holder leaves it."""
        died = self.died and behind
        return replace(self, cursor=cursor, behind=behind, waits_until=waits_until, aside=aside, died=died)

    @property
    def unsettled(self) -> bool:
        """Whether there is more behind the cursor than who comes next: it was let go so, or its holder has died."""
        return self.behind or self.holder is not None


def chain_from(values: dict[str, Any]) -> Chain:
    """The chain of its stored values; unknown attributes are passed over. Raises TypeError when it is none."""
    return Chain(**{name: values[name] for name in Chain.__dataclass_fields__ if name in values})
