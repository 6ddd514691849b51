"""An API key: what a caller shows. Only its SHA-256 is stored."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Whose key it is and what it may do. `expires_at` in unix seconds."""

    key_id: str
    tenant: str
    plan: str = "standard"
    expires_at: float | None = None


def new_api_key() -> str:
    """A fresh key, shown once."""
    return f"hwp_{secrets.token_urlsafe(32)}"


def digest(key: str) -> str:
    """What is stored and looked up instead of the key."""
    return hashlib.sha256(key.encode()).hexdigest()
