"""Signing secrets in rotation."""

from __future__ import annotations

from functions.api.webhooks.secrets import MOST, full_until, rotated
from shared.models.webhook import SealedSecret

NOW = 1_800_000_000.0
DAY_S = 86_400  # what docs/webhooks.md promises


def test_the_old_secret_signs_for_a_day_more() -> None:
    first, second, third = (SealedSecret(name) for name in ("first", "second", "third"))
    once = rotated((first,), second, NOW)
    assert once == (second, SealedSecret("first", NOW + DAY_S))
    twice = rotated(once, third, NOW + 60)
    assert twice == (third, SealedSecret("second", NOW + 60 + DAY_S), SealedSecret("first", NOW + DAY_S))
    assert rotated(once, third, NOW + DAY_S) == (third, SealedSecret("second", NOW + 2 * DAY_S))


def test_there_is_room_for_another_once_the_day_of_the_first_is_over() -> None:
    secrets: tuple[SealedSecret, ...] = (SealedSecret("first"),)
    for number in range(1, MOST):
        assert full_until(secrets, NOW + number) is None
        secrets = rotated(secrets, SealedSecret(str(number)), NOW + number)
    ends = NOW + 1 + DAY_S
    assert len(secrets) == MOST, "none was cut off"
    assert full_until(secrets, NOW + MOST) == full_until(secrets, ends - 1) == ends
    assert full_until(secrets, ends) is None
    assert len(rotated(secrets, SealedSecret("next"), ends)) == MOST
