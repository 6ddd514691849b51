"""How the slots of a pool are shared out among those who want as many as they get."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.webhook_sender.pace import Key
from functions.webhook_sender.pool import Pool


def filled(pool: Pool, *keys: Key) -> list[int]:
    """How many each has, when they take one after the other in turn while they may."""
    has = [0] * len(keys)
    for _ in range(pool.size):
        for number, key in enumerate(keys):
            if pool.free and pool.fair(key):
                pool.take(key)
                has[number] += 1
    return has


def tenants(count: int, endpoints: int = 10) -> list[Key]:
    return [(f"t{tenant}", f"wh_{number}") for number in range(endpoints) for tenant in range(count)]


@pytest.mark.parametrize(
    ("size", "each"), [(25, [15]), (25, [9, 9]), (25, [7, 7, 6]), (10, [6]), (10, [4, 3]), (3, [1, 1, 1]), (1, [1])]
)
def test_what_tenants_with_many_endpoints_get(size: int, each: Sequence[int]) -> None:
    keys = tenants(len(each))
    has = filled(Pool(size), *keys)
    assert [sum(has[number :: len(each)]) for number in range(len(each))] == each


def test_one_endpoint_gets_half_and_another_of_its_tenant_the_rest_of_the_share() -> None:
    pool = Pool(10)
    assert filled(pool, ("acme", "a")) == [5]
    assert filled(pool, ("acme", "b")) == [1]
    assert filled(pool, ("other", "c")) == [2]


@given(st.integers(2, 40), st.lists(st.integers(0, 5), max_size=200))
def test_a_newcomer_finds_a_place_beside_one_tenant(size: int, moves: list[int]) -> None:
    pool, taken = Pool(size), list[Key]()
    for endpoint in moves:
        key = ("acme", str(endpoint))
        if endpoint == 5 and taken:
            pool.leave(taken.pop(0))
        elif pool.free and pool.fair(key):
            pool.take(key)
            taken.append(key)
        assert pool.taken == len(taken) <= 3 * size / 5 or pool.taken == 1
        assert pool.free
        assert pool.fair(("new", "wh_new"))
