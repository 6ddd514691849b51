"""What the rounds of a steady rate come to, and what is reckoned of an outage."""

from __future__ import annotations

from local.bench.endpoint import Story
from local.bench.outage import Outage, after_return
from local.bench.webhooks import ALONE, Seen, Steady, cpu_ms_per_delivery, report_of

COUNTED = {"written": 2, "delivered": 2, "lost": 0, "doubled": 0}


def test_rounds_go_forwards_and_backwards() -> None:
    assert Steady(hanging=(2.0, 20.0), turns=2).rounds() == [ALONE, 2.0, 20.0, 20.0, 2.0, ALONE]
    assert Steady(hanging=(), turns=3).rounds() == [ALONE] * 3


def test_what_a_neighbour_costs_is_told_by_the_p95_of_the_rounds_alone() -> None:
    alone = Seen([[0.1, 0.1], [0.1, 0.1]], [COUNTED, COUNTED], cpu_s={"webhooks": 0.01})
    beside = Seen([[0.1, 0.3]], [COUNTED], hung=7)
    found = report_of(Steady(hanging=(2.0,)), {ALONE: alone, 2.0: beside})
    assert (found["alone"]["written"], found["alone"]["p95_ms_of_each_round"]) == (4, [100.0, 100.0])
    assert found["alone"]["cpu_ms_per_delivery"] == {"webhooks": 2.5}
    assert found["beside_2_a_second_hanging"]["p95_times"] == 3.0
    assert found["beside_2_a_second_hanging"]["calls_that_hung"] == 7


def test_where_nothing_came_there_are_no_times() -> None:
    nothing = dict.fromkeys(COUNTED, 0)
    found = report_of(Steady(hanging=(2.0,)), {ALONE: Seen([[]], [nothing]), 2.0: Seen([[]], [nothing])})
    assert found["beside_2_a_second_hanging"]["p95_times"] is None
    assert cpu_ms_per_delivery({"webhooks": 1.0}, 0) == {}


def test_only_what_happened_before_the_return_was_held_up() -> None:
    before, late, after, never = Story(90, taken_at=[91]), Story(95, taken_at=[104]), Story(101, [101.1]), Story(96)
    after.taken_at.append(101.1)
    found = after_return([before, late, after, never], back_at=100)
    assert (found["held_up"], found["last_s_after_return"]) == (1, 4.0)
    assert found["return_to_delivered"]["max_ms"] == 4000.0
    assert after_return([before], back_at=100)["last_s_after_return"] == 0.0


def test_an_outage_writes_before_during_and_after() -> None:
    assert Outage(rate=20, before_s=5, away_s=60, after_s=10).count == 1500
