"""Without order too: whatever senders, queue and endpoint do, all events arrive in the end."""

from __future__ import annotations

import logging
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.models.webhook import DeliveryState
from tests.fakes.order import World
from tests.fakes.webhooks import a_webhook, an_event

EVENTS = 4


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


@settings(max_examples=16, derandomize=True)
@given(seed=st.integers(0, 2**32))
async def test_replays_and_what_is_brought_forward_or_moved_back_leave_nothing_behind(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - the same each time
    world = World(chance, a_webhook(), deaths=chance.choice([0, 0, 2]), faulty=chance.random() < 0.5)
    world.most_receives = chance.choice([2, 10])
    world.receiver.failing = chance.choice([0.2, 0.8])
    for number in range(1, 3 * EVENTS + 1):
        chance.choice([world.replay, world.bring_forward, world.redrive])()
        if number <= EVENTS:
            world.happen(an_event(number))
        for _ in range(chance.choice([0, 5, 60])):
            await world.step()
    await world.end()
    world.redrive()
    await world.end()
    states = {one.sequence: one.state for one in world.fakes.records.found.values()}
    assert set(states) == set(range(1, EVENTS + 1))
    assert set(states.values()) <= {DeliveryState.DELIVERED, DeliveryState.DEAD}
    for number, times in world.receiver.succeeded.items():
        assert world.mortal or times <= 1 + world.more[number]
