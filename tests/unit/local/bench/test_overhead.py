"""What a comparison makes of its rounds."""

from __future__ import annotations

from typing import Any

import pytest

from local.bench.overhead import PARTS, Rounds, Side, report_of

NOTHING: Any = None


def side(*seconds: float) -> Side:
    """A side whose API took so long in each round of ten messages."""
    idle = dict.fromkeys(PARTS, 0.0)
    return Side(NOTHING, NOTHING, [idle | {"api": one} for one in seconds], [10] * len(seconds))


def test_the_cost_is_that_of_each_pair_and_its_spread() -> None:
    found = report_of(Rounds(pairs=2), {"on": side(0.44, 0.22), "off": side(0.40, 0.20)})
    assert found["on"]["cpu_ms_per_message"] == {"api": 33.0, "host-1": 0.0, "webhooks": 0.0, "all": 33.0}
    assert found["cost_percent"]["of_each_pair"] == [10.0, 10.0]
    assert (found["cost_percent"]["mean"], found["cost_percent"]["standard_error"]) == (10.0, 0.0)


def test_one_slow_round_shows_as_spread() -> None:
    found = report_of(Rounds(pairs=3), {"on": side(0.4, 0.8, 0.4), "off": side(0.4, 0.4, 0.4)})["cost_percent"]
    assert (found["median"], found["of_each_pair"]) == (0.0, [0.0, 100.0, 0.0])
    assert found["standard_error"] == pytest.approx(33.33, abs=0.01)
