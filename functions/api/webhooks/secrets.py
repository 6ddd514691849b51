"""Signing secrets in rotation: old and new sign side by side for a day."""

from __future__ import annotations

from shared.models.webhook import SealedSecret

OVERLAP_S = 86_400
MOST = 10  # every secret adds a signature to each delivery


def full_until(secrets: tuple[SealedSecret, ...], now: float) -> float | None:
    """When there is room for another secret, in unix seconds; None where there is now. Each was promised its day."""
    signing = _signing(secrets, now)
    if len(signing) < MOST:
        return None
    return min(_end(one, now) for one in signing)


def rotated(secrets: tuple[SealedSecret, ...], new: SealedSecret, now: float) -> tuple[SealedSecret, ...]:
    """The new secret first, then those that still sign, each until a day after it was replaced."""
    return (new, *(SealedSecret(one.sealed, _end(one, now)) for one in _signing(secrets, now)))


def _signing(secrets: tuple[SealedSecret, ...], now: float) -> list[SealedSecret]:
    return [one for one in secrets if one.signs_at(now)]


def _end(secret: SealedSecret, now: float) -> float:
    return secret.expires_at or now + OVERLAP_S
