"""Retries that are brought forward keep the order of an endpoint that has its events in order."""

from __future__ import annotations

import logging
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.clock import iso
from shared.ids import first_id_at
from shared.models.catch_up import CatchUp
from shared.models.endpoint_health import EndpointHealth
from shared.models.webhook import DeliveryState, Ordering
from tests.fakes.clock import NOW
from tests.fakes.order import World
from tests.fakes.webhooks import a_webhook, an_event

EVENTS = 8


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


def happens(world: World, number: int) -> None:
    """An event whose id tells its time, as all do."""
    at = world.clock.now
    world.happen(replace(an_event(number), id=f"{first_id_at('evt', at)[:-4]}{number:04d}", timestamp=iso(at)))


async def bring(world: World) -> None:
    """A page of a catch-up, which a recovery has made one that is on."""
    at = world.clock.now
    world.change(health=EndpointHealth(behind_since=NOW - 1, catch_up_at=at))
    await world.fakes.services.catch_up_worker.work_on(CatchUp(tenant="acme", webhook_id="wh_a", at=at, until=at))


@settings(max_examples=20, derandomize=True)
@given(seed=st.integers(0, 2**32))
async def test_order_is_kept_and_all_arrive(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - the same each time
    webhook = a_webhook(ordering=Ordering.INSTANCE)
    world = World(chance, webhook, deaths=chance.choice([0, 0, 2]), faulty=chance.random() < 0.3)
    for number in range(1, EVENTS + 1):
        happens(world, number)
        for _ in range(chance.choice([0, 5, 80])):
            await world.step()
            if chance.random() < 0.05:
                await bring(world)
    await world.end()
    states = {one.sequence: one.state for one in world.fakes.records.found.values()}
    assert sorted(one or 0 for one in states) == list(range(1, EVENTS + 1))
    assert set(states.values()) <= {DeliveryState.DELIVERED, DeliveryState.DEAD}
    heard = world.receiver.heard
    assert all(one <= two for one, two in pairwise(heard)), heard
    if not world.mortal:
        assert max(world.receiver.succeeded.values(), default=1) == 1


async def test_an_instance_goes_on_when_its_endpoint_recovers() -> None:
    world = World(Random(1), a_webhook(ordering=Ordering.INSTANCE), deaths=0)  # noqa: S311 - the same each time
    world.receiver.failing = 1.0
    for number in range(1, EVENTS + 1):
        happens(world, number)
    while waits_until(world) < world.clock.now + 30:
        await world.step()
    world.receiver.failing = 0.0
    due = waits_until(world)
    assert due > world.clock.now + 20
    await bring(world)
    while sum(world.receiver.succeeded.values()) < EVENTS:
        await world.step()
    assert world.clock.now < due


def waits_until(world: World) -> float:
    return next((chain.waits_until for chain in world.fakes.chains.found.values()), 0.0)
