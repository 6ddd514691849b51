from __future__ import annotations

from typing import Any

import pytest

from local.chaos.service import Frozen, Span, absence, outages, serves


def stay(active: float | None, closed: float | None = None, port: int = 1) -> dict[str, Any]:
    return {"active": active, "closed": closed, "port": port}


@pytest.mark.parametrize(
    ("stays", "expected"),
    [
        ([stay(0)], []),
        ([], [(10, 20)]),
        ([stay(None)], [(10, 20)]),
        ([stay(0, 12), stay(15)], [(12, 15)]),
        ([stay(0, 12), stay(11)], []),
        ([stay(0, 12), stay(13, 14), stay(16, 19)], [(12, 13), (14, 16), (19, 20)]),
        ([stay(0, 5)], [(10, 20)]),
        ([stay(0, 12), stay(25)], [(12, 20)]),
    ],
)
def test_outages_are_what_no_connection_covers(stays: list[dict[str, Any]], expected: list[Span]) -> None:
    assert outages(stays, [], (10, 20)) == expected


def test_a_connection_whose_process_is_frozen_is_no_service() -> None:
    frozen = [Frozen(frozenset({1}), 12, 18)]
    assert outages([stay(0, port=1)], frozen, (10, 20)) == [(12, 18)]
    assert outages([stay(0, port=2)], frozen, (10, 20)) == []
    assert outages([stay(0, port=1), stay(15, port=2)], frozen, (10, 20)) == [(12, 15)]
    assert outages([stay(0)], [Frozen(frozenset({1}), 12)], (10, 20)) == [(12, 20)]


def test_whether_a_connection_serves_now() -> None:
    frozen = Frozen(frozenset({1}), 12)
    assert serves(stay(3), [])
    assert not serves(stay(None), [])
    assert not serves(stay(3, 4), [])
    assert not serves(stay(3), [frozen])
    assert serves(stay(3), [Frozen(frozenset({1}), 12, 13)])


def test_the_figures_count_only_those_that_were_interrupted() -> None:
    found = absence([[], [(0, 1)], [(0, 2), (5, 9)]])
    assert (found.instances, found.times, found.longest, found.median, found.most_in_all) == (2, 3, 4, 2.5, 6)
    assert absence([[], []]).longest == 0
