"""An API key as those see it who issue it.

    making -> active -> ending -> (gone)      only `active` lets anybody in
        `------------->--'

`making`: not all of its parts are there, and nobody has been shown it. `ending`: not all of its parts are gone.
Whoever finds a key in either state, after a crash, takes it to its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.models.api_key import EVERYTHING

TENANT = r"[A-Za-z0-9._-]{1,47}"


class KeyState(StrEnum):
    """Where a key stands; see the module."""

    MAKING = "making"
    ACTIVE = "active"
    ENDING = "ending"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedKey:
    """A stored key. Times are unix seconds; `ending` are its last characters, to tell it from others by.

    A key that was replaced expires when its overlap ends; `meant_until` is what `expires_at` was before.
    `messages_per_day`: how many its tenant may have accepted in a day; None: what the plan says."""

    digest: str
    key_id: str
    tenant: str
    plan: str = "standard"
    scopes: Sequence[str] = EVERYTHING
    expires_at: float | None = None
    created_at: float = 0
    ending: str = ""
    label: str = ""
    state: KeyState = KeyState.ACTIVE
    replaced_by: str | None = None
    meant_until: float | None = None
    messages_per_day: int | None = None

    @property
    def intended_end(self) -> float | None:
        """When it would expire if it had never been replaced."""
        return self.meant_until if self.replaced_by else self.expires_at

    def expired(self, now: float) -> bool:
        """Whether it lets nobody in any more."""
        return self.expires_at is not None and self.expires_at <= now
