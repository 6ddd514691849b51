"""Whatever senders, queue and endpoint do: order is kept, and all events arrive in the end."""

from __future__ import annotations

import logging
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.clock import iso
from shared.ids import id_of
from shared.models.event import EventType
from shared.models.webhook import DeliveryState, Ordering, Webhook
from tests.fakes.clock import NOW
from tests.fakes.order import World
from tests.fakes.webhooks import a_webhook, an_event

EVENTS = 12
WANTED = frozenset({EventType.MESSAGE_RECEIVED})


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


def ordered() -> Webhook:
    return a_webhook(ordering=Ordering.INSTANCE, events=tuple(WANTED))


async def story(chance: Random, world: World) -> set[int]:
    """Events happen while all goes on; which of them are wanted."""
    wanted: set[int] = set()
    for number in range(1, EVENTS + 1):
        kind = chance.choice([EventType.MESSAGE_RECEIVED, EventType.MESSAGE_RECEIVED, EventType.MESSAGE_SENT])
        wanted |= {number} if kind in WANTED else set()
        world.happen(an_event(number, kind))
        for _ in range(chance.choice([0, 0, 5, 60])):
            await world.step()
    await world.end()
    return wanted


def settled(world: World) -> set[int]:
    states = DeliveryState.DELIVERED, DeliveryState.DEAD
    return {one.sequence or 0 for one in world.fakes.records.found.values() if one.state in states}


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
async def test_order_is_kept_and_all_arrive(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - the same each time
    world = World(chance, ordered(), deaths=chance.choice([0, 0, 1, 3]), faulty=chance.random() < 0.5)
    wanted = await story(chance, world)
    assert settled(world) == wanted
    heard = world.receiver.heard
    assert all(one <= two for one, two in pairwise(heard)), heard
    if not world.mortal:
        assert max(world.receiver.succeeded.values(), default=1) == 1
    (chain,) = world.fakes.chains.found.values()
    assert (chain.cursor >= max(wanted, default=0), chain.unsettled) == (True, False)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32))
async def test_all_arrive_where_ordering_is_turned_off_and_on(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - the same each time
    world = World(chance, a_webhook(ordering=Ordering.INSTANCE), deaths=chance.choice([0, 1]))
    for number in range(1, EVENTS + 1):
        if number in {4, 8}:
            world.change(ordering=Ordering.NONE if number == 4 else Ordering.INSTANCE, matched_since=world.clock.now)
            world.wake()
        await happening(world, number)
    await world.end()
    assert settled(world) == set(range(1, EVENTS + 1))


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32))
async def test_a_disabled_endpoint_goes_on_where_it_was(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - the same each time
    world = World(chance, a_webhook(ordering=Ordering.INSTANCE), deaths=chance.choice([0, 1]))
    for number in range(1, EVENTS + 1):
        if number in {5, 9}:
            world.change(enabled=number == 9)
        if number == 9:
            world.wake()
        await happening(world, number)
    await world.end()
    assert settled(world) == set(range(1, EVENTS + 1))
    heard = world.receiver.heard
    assert all(one <= two for one, two in pairwise(heard)), heard


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32))
async def test_what_a_phone_tells_late_has_its_place_all_the_same(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - the same each time
    world = World(chance, replace(ordered(), created_at=iso(NOW), matched_since=NOW), deaths=chance.choice([0, 1]))
    for number in range(1, EVENTS + 1):
        if number in {5, 9}:
            world.change(enabled=number == 9)
        if number == 9:
            world.wake()
        now = world.clock.now
        noted = replace(an_event(number), id=id_of("evt", now, b"%10d" % number))
        world.happen(replace(noted, timestamp=iso(now - chance.choice([0, 86_400]))))
        for _ in range(chance.choice([0, 5, 60])):
            await world.step()
    await world.end()
    assert settled(world) == set(range(1, EVENTS + 1))
    heard = world.receiver.heard
    assert all(one <= two for one, two in pairwise(heard)), heard


async def happening(world: World, number: int) -> None:
    world.happen(replace(an_event(number), timestamp=iso(world.clock.now)))
    for _ in range(world.chance.choice([0, 5, 60])):
        await world.step()
