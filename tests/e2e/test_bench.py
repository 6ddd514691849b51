"""The parts of the benchmark in their short form: that they work and count what is so, not how fast it was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from local.bench.burst import Burst, burst
from local.bench.looking import Looks, look_at
from local.bench.numbers import Checks, address_books, check_numbers
from local.bench.outage import Away, Outage, be_away
from local.bench.overhead import PARTS, Rounds, heard, take_turns
from local.bench.pairing import instance_id, pair_all
from local.bench.target import Target
from local.bench.webhooks import Steady, deliver_steadily

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def paired(stack: Target) -> AsyncIterator[Target]:
    """The stack with the first instance of the bench."""
    await pair_all(stack, 1)
    yield stack
    await stack.call("DELETE", f"/v1/instances/{instance_id(0)}")


async def test_each_number_of_a_replay_is_asked_of_whatsapp_once(paired: Target) -> None:
    plan = Checks(checks=120, numbers=40, rate=20.0, cold_rate=10.0, seconds=0.2, forgotten_s=0.0)
    found = await check_numbers(paired, plan)
    replay, different = found["replay"], len(set(address_books(plan)))
    assert replay["whatsapp_asked_about"] == replay["different"] == different
    assert different <= replay["misses"] < 60, "who asks for the same at the same time shares the question"
    assert replay["hits"] + replay["misses"] == 120
    assert replay["hit_rate"] == round(replay["hits"] / 120, 4) <= replay["highest_possible_hit_rate"]
    assert found["cold_hundred"]["misses"] == 40 - different
    assert found["cold_one"]["misses"] == 2
    for known in ("cached_one", "cached_hundred", "read_one", "read_hundred"):
        calls = found[known]["answer"]["count"]
        assert calls == 4
        assert (found[known]["misses"], found[known]["refused"]) == (0, {})
        assert found[known]["hits"] == calls * (1 if known.endswith("_one") else 40)


async def test_every_form_of_the_metrics_is_timed(paired: Target) -> None:
    found = await look_at(paired, Looks(fresh=1, rate=10.0, seconds=0.3))
    assert found.pop("instances_connected") >= 1
    assert found.keys() == {"json", "prometheus", "instances"}
    for form in found.values():
        assert [form[kind]["answer"]["count"] for kind in ("fresh", "busy")] == [1, 3]
        assert [form[kind]["refused"] for kind in ("fresh", "busy")] == [{}, {}]
        assert form["fresh"]["bytes"] > 100


async def test_both_sides_of_a_comparison_are_reckoned_by_message(paired: Target) -> None:
    plan = Rounds(pairs=1, instances=1, rate=10.0, seconds=0.2)
    async with heard(paired) as side, heard(paired) as other:
        found = await take_turns(plan, {"on": side, "off": other})
    for name in ("on", "off"):
        assert found[name]["messages"] == 2
        cost = found[name]["cpu_ms_per_message"]
        assert cost["all"] == pytest.approx(sum(cost[part] for part in PARTS), abs=0.05)
    assert len(found["cost_percent"]["of_each_pair"]) == 1


async def test_every_event_is_delivered_once_beside_a_neighbour_that_hangs(paired: Target) -> None:
    found = await deliver_steadily(paired, 1, Steady(rate=20.0, seconds=1.0, hanging=(4.0,), turns=1, calm_s=0.0))
    for kind in ("alone", "beside_4_a_second_hanging"):
        assert delivered(found[kind]) == (20, 0, 0)
        assert found[kind]["event_to_arrival"]["count"] == 20
        assert found[kind]["cpu_ms_per_delivery"]["webhooks"] >= 0
    assert 1 <= found["beside_4_a_second_hanging"]["calls_that_hung"] <= 4


async def test_what_was_refused_is_delivered_after_the_return(paired: Target) -> None:
    plan = Outage(rate=10.0, before_s=0.3, away_s=0.7, after_s=0.2, patience_s=60.0, ways=(Away.REFUSES,))
    found = (await be_away(paired, 1, plan))["refuses"]
    assert delivered(found) == (12, 0, 0)
    assert found["held_up"] >= 1


async def test_a_burst_loses_nothing(paired: Target) -> None:
    assert delivered(await burst(paired, 1, Burst(count=60))) == (60, 0, 0)


def delivered(found: dict[str, Any]) -> tuple[int, int, int]:
    """Delivered, lost, doubled."""
    assert found["badly_signed"] == 0
    return found["delivered"], found["lost"], found["doubled"]
