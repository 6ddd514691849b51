"""An API key: what a caller shows. Only its SHA-256 is stored."""

from __future__ import annotations

import hashlib
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.limits import plan_of


class Scope(StrEnum):
    """What a key may be good for; shared/routes.py says which one a route asks for."""

    READ = "read"
    SEND = "send"
    MANAGE = "manage"


EVERYTHING = tuple(Scope)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Whose key it is and what it may do. `expires_at` in unix seconds; a key stored without `scopes` may do all.

    `messages_per_day`: how many its tenant may have accepted in a day; None: what the plan says."""

    key_id: str
    tenant: str
    plan: str = "standard"
    expires_at: float | None = None
    scopes: Sequence[str] = EVERYTHING
    messages_per_day: int | None = None

    @property
    def message_quota(self) -> int:
        """How many messages its tenant may have accepted in a day."""
        return self.messages_per_day or plan_of(self.plan).messages_per_day

    def may(self, scope: Scope) -> bool:
        """Whether the key is good for this."""
        return scope in self.scopes


_LETTERS = string.ascii_letters + string.digits  # nothing that API Gateway, a shell or a URL would mind
_RANDOM_LETTERS = 43  # 256 bits


def new_api_key() -> str:
    """A fresh key, shown once."""
    return "hwp_" + "".join(secrets.choice(_LETTERS) for _ in range(_RANDOM_LETTERS))


def digest(key: str) -> str:
    """What is stored and looked up instead of the key."""
    return hashlib.sha256(key.encode()).hexdigest()
