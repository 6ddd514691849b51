"""The load of a replay is the same each time, and has the skew of address books."""

from __future__ import annotations

from collections import Counter

from local.bench.numbers import Checks, address_books


def test_a_replay_draws_the_same_numbers_each_time() -> None:
    assert address_books(Checks()) == address_books(Checks())
    assert address_books(Checks()) != address_books(Checks(seed=6))


def test_few_numbers_are_asked_for_often_and_many_once() -> None:
    drawn = address_books(Checks())
    counts = Counter(drawn)
    assert len(drawn) == 20_000
    assert 0 <= min(counts) <= max(counts) < 5_000
    assert counts.most_common(1)[0][0] == 0
    assert sum(counts[rank] for rank in range(50)) > 0.4 * len(drawn), "a hundredth of them are half of the checks"
    assert len(counts) < 0.2 * len(drawn), "else no cache could keep a hit rate of 80 %"
