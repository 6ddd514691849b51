"""Between which ids the deliveries of a time are looked for; what a newer sender has stored."""

from __future__ import annotations

from dataclasses import asdict, replace

from hypothesis import given
from hypothesis import strategies as st

from shared.clock import iso, parse_iso
from shared.ids import id_of
from shared.models.webhook import Attempt, Cause, delivery_id
from shared.store.deliveries import DeliveryFilter, from_values
from tests.fakes.deliveries import DELIVERED

MILLISECONDS = st.integers(1_500_000_000_000, 4_000_000_000_000)


def a_delivery_of(ms: int, seed: bytes) -> str:
    return delivery_id(id_of("evt", ms / 1000, seed), f"wh_{'0' * 26}")


@given(MILLISECONDS, st.binary(min_size=10, max_size=10))
def test_a_time_has_all_of_its_first_and_last_millisecond_and_nothing_beside(ms: int, seed: bytes) -> None:
    at = parse_iso(iso(ms / 1000))
    low, high = DeliveryFilter(since=at, until=at).ids
    assert low <= a_delivery_of(ms, seed) <= high
    assert a_delivery_of(ms - 1, seed) < low
    assert high < a_delivery_of(ms + 1, seed)


def test_why_an_attempt_was_made_is_kept_and_what_is_not_known_is_passed_over() -> None:
    attempts = (
        Attempt("a", 1, 500),
        Attempt("b", 2, 500, cause=Cause.RECOVERY),
        Attempt("c", 3, 200, cause=Cause.REPLAY),
    )
    delivery = replace(DELIVERED, attempts=attempts)
    stored = asdict(delivery)
    assert from_values(stored) == delivery
    newer = [*stored["attempts"][:2], stored["attempts"][2] | {"cause": "of a newer sender", "colour": "red"}]
    assert from_values(stored | {"attempts": newer}).attempts == (*attempts[:2], Attempt("c", 3, 200))
