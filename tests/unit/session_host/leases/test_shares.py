from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from session_host.leases.shares import quotas, turn

holdings = st.dictionaries(st.sampled_from("abcdefg"), st.integers(0, 20), min_size=1)


@given(holdings, st.integers(0, 256))
def test_shares_cover_everything_and_differ_by_one_at_most(owned: dict[str, int], partitions: int) -> None:
    shares = quotas(owned, partitions)
    assert shares.keys() == owned.keys()
    assert sum(shares.values()) == partitions
    assert max(shares.values()) - min(shares.values()) <= 1


@given(holdings)
def test_an_even_division_moves_nothing(owned: dict[str, int]) -> None:
    even = quotas(owned, 17)
    assert quotas(even, 17) == even


def test_those_that_own_most_keep_the_odd_ones() -> None:
    assert quotas({"a": 1, "b": 2, "c": 2, "new": 0}, 5) == {"a": 1, "b": 2, "c": 1, "new": 1}


def test_hosts_that_lack_partitions_start_at_different_ones() -> None:
    owned, shares = {"a": 1, "b": 0, "c": 0}, {"a": 2, "b": 2, "c": 2}
    assert [turn(host, owned, shares) for host in "abc"] == [0, 1, 3]
