"""Between which ids the deliveries of a time are looked for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.clock import iso, parse_iso
from shared.ids import id_of
from shared.models.webhook import delivery_id
from shared.store.deliveries import Sought

MILLISECONDS = st.integers(1_500_000_000_000, 4_000_000_000_000)


def a_delivery_of(ms: int, seed: bytes) -> str:
    return delivery_id(id_of("evt", ms / 1000, seed), f"wh_{'0' * 26}")


@given(MILLISECONDS, st.binary(min_size=10, max_size=10))
def test_a_time_has_all_of_its_first_and_last_millisecond_and_nothing_beside(ms: int, seed: bytes) -> None:
    at = parse_iso(iso(ms / 1000))
    low, high = Sought(since=at, until=at).ids
    assert low <= a_delivery_of(ms, seed) <= high
    assert a_delivery_of(ms - 1, seed) < low
    assert high < a_delivery_of(ms + 1, seed)
