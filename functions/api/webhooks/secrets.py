"""Signing secrets in rotation: old and new sign side by side for a day."""

from __future__ import annotations

from shared.models.webhook import SealedSecret

OVERLAP_S = 86_400
MOST = 10  # every secret adds a signature to each delivery


def rotated(secrets: tuple[SealedSecret, ...], new: SealedSecret, now: float) -> tuple[SealedSecret, ...]:
    """The new secret first, then those that still sign, each until a day after it was replaced."""
    signing = [one for one in secrets if one.expires_at is None or one.expires_at > now]
    old = [SealedSecret(one.sealed, one.expires_at or now + OVERLAP_S) for one in signing]
    return (new, *old)[:MOST]
