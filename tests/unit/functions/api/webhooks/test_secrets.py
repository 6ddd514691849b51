"""Signing secrets in rotation."""

from __future__ import annotations

from functions.api.webhooks.secrets import MOST, OVERLAP_S, rotated
from shared.models.webhook import SealedSecret

NOW = 1_800_000_000.0


def test_the_old_secret_signs_for_a_day_more() -> None:
    first, second, third = (SealedSecret(name) for name in ("first", "second", "third"))
    once = rotated((first,), second, NOW)
    assert once == (second, SealedSecret("first", NOW + OVERLAP_S))
    twice = rotated(once, third, NOW + 60)
    assert twice == (third, SealedSecret("second", NOW + 60 + OVERLAP_S), SealedSecret("first", NOW + OVERLAP_S))
    assert rotated(once, third, NOW + OVERLAP_S) == (third, SealedSecret("second", NOW + 2 * OVERLAP_S))


def test_a_delivery_never_carries_too_many_signatures() -> None:
    secrets: tuple[SealedSecret, ...] = ()
    for number in range(2 * MOST):
        secrets = rotated(secrets, SealedSecret(str(number)), NOW)
    assert len(secrets) == MOST
    assert secrets[0] == SealedSecret(str(2 * MOST - 1))
