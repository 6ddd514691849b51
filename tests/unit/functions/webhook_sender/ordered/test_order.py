"""Whatever senders, queue and endpoint do: order is kept, and all events arrive in the end."""

from __future__ import annotations

import logging
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.clock import iso
from shared.ids import id_of
from shared.models.dead_reason import DeadReason
from shared.models.endpoint_health import EndpointHealth
from shared.models.event import EventType
from shared.models.webhook import DeliveryState, Ordering, Webhook
from tests.fakes.clock import NOW
from tests.fakes.order import World
from tests.fakes.webhooks import a_webhook, an_event

EVENTS = 12
DAY_S = 86_400
ALL = set(range(1, EVENTS + 1))
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


@settings(max_examples=30, derandomize=True)
@given(seed=st.integers(0, 2**32))
async def test_order_is_kept_and_all_arrive(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - the same each time
    world = World(chance, ordered(), deaths=chance.choice([0, 0, 1, 3]), faulty=chance.random() < 0.5)
    wanted = await story(chance, world)
    assert settled(world) == wanted
    assert in_order(world), world.receiver.heard
    if not world.mortal:
        assert max(world.receiver.succeeded.values(), default=1) == 1
    (chain,) = world.fakes.chains.found.values()
    assert (chain.cursor >= max(wanted, default=0), chain.unsettled) == (True, False)


@settings(max_examples=16, derandomize=True)
@given(seed=st.integers(0, 2**32))
async def test_all_arrive_where_ordering_is_turned_off_and_on(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - the same each time
    world = World(chance, a_webhook(ordering=Ordering.INSTANCE), deaths=chance.choice([0, 1]))
    for number in range(1, EVENTS + 1):
        if number == 8:
            await world.rest()  # a sender that knows of none of two changes may leave an event out
        if number in {4, 8}:
            world.change(ordering=Ordering.NONE if number == 4 else Ordering.INSTANCE, matched_since=world.clock.now)
            world.wake()
        await happening(world, number)
    await world.end()
    assert settled(world) == ALL
    assert max(world.receiver.succeeded.values()) <= 3 + world.died  # the queue may have brought it twice


@settings(max_examples=16, derandomize=True)
@given(seed=st.integers(0, 2**32))
async def test_a_disabled_endpoint_goes_on_where_it_was(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - the same each time
    webhook = a_webhook(ordering=Ordering.INSTANCE, matched_since=chance.choice([None, NOW]))
    world = World(chance, webhook, deaths=chance.choice([0, 1]))
    gone, again = chance.random() < 0.5, chance.choice([9, EVENTS + 1])
    for number in range(1, EVENTS + 1):
        if number == 5:
            world.receiver.gone = gone
            world.change(enabled=gone)
        if number == again:
            world.revive()
        await happening(world, number)
    await world.end()
    heard_of = bool(world.fakes.chains.found)
    if not world.fakes.endpoints.webhooks[0].active:
        world.revive()
        await world.end()
    assert settled(world) == ALL or not heard_of
    reasons = {one.reason for one in world.fakes.records.found.values()}
    assert DeadReason.DISABLED not in reasons or not heard_of, "what is in order waits for it to be enabled"
    assert in_order(world)


@settings(max_examples=16, derandomize=True)
@given(seed=st.integers(0, 2**32))
async def test_order_given_up_while_disabled_loses_nothing(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - the same each time
    world = World(chance, a_webhook(ordering=Ordering.INSTANCE), deaths=chance.choice([0, 1]))
    for number in range(1, 7):
        await happening(world, number)
    await world.rest()
    waiting = any(chain.behind and chain.holder is None for chain in world.fakes.chains.found.values())
    world.change(health=EndpointHealth(disabled_at=world.clock.now))
    world.change(ordering=Ordering.NONE, matched_since=world.clock.now)
    world.wake()
    await world.end()
    world.revive()
    await world.end()
    assert settled(world) == set(range(1, 7)) or not waiting


@settings(max_examples=16, derandomize=True)
@given(seed=st.integers(0, 2**32))
async def test_what_was_never_asked_for_is_not_sent(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - the same each time
    world = World(chance, ordered(), deaths=chance.choice([0, 1]))
    kinds = [EventType.MESSAGE_RECEIVED, EventType.MESSAGE_SENT, EventType.MESSAGE_DELIVERED]
    drawn = {number: chance.choice(kinds) for number in range(1, EVENTS + 1)}
    for number, kind in drawn.items():
        if number == 7:
            now = EventType.MESSAGE_RECEIVED, EventType.MESSAGE_DELIVERED
            world.change(events=now, matched_since=world.clock.now)
            world.wake()
        await happening(world, number, kind)
    await world.end()
    always = {number for number, kind in drawn.items() if kind is EventType.MESSAGE_RECEIVED}
    later = {number for number, kind in drawn.items() if kind is EventType.MESSAGE_DELIVERED}
    assert always | {number for number in later if number >= 7} <= settled(world) <= always | later
    assert set(world.receiver.heard) <= settled(world)


@settings(max_examples=20, derandomize=True)
@given(seed=st.integers(0, 2**32))
@example(seed=5939045)  # who died had come further than who took the chain and let it go at once
async def test_one_that_asks_for_less_leaves_nothing_that_was_begun(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - the same each time
    ordering = chance.choice([Ordering.INSTANCE, Ordering.INSTANCE, Ordering.NONE])
    world = World(chance, a_webhook(ordering=ordering), deaths=chance.choice([0, 0, 1]))
    kinds = [EventType.MESSAGE_RECEIVED, EventType.MESSAGE_SENT]
    drawn = {number: chance.choice(kinds) for number in range(1, EVENTS + 1)}
    for number, kind in drawn.items():
        if number == 7:
            world.narrow(tuple(WANTED))
        await happening(world, number, kind)
    await world.end()
    assert settled(world) >= {number for number, kind in drawn.items() if kind in WANTED}


@settings(max_examples=10, derandomize=True)
@given(seed=st.integers(0, 2**32))
@example(seed=283)  # begun without order, and then asked for no longer
@example(seed=445)
@example(seed=10444)  # begun by one that died, and dispersed behind what was not
@example(seed=10455)
async def test_one_that_asks_for_something_else_leaves_nothing_that_was_begun(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - the same each time
    ordering, later = (chance.choice([Ordering.INSTANCE, Ordering.INSTANCE, Ordering.NONE]) for _ in range(2))
    world = World(chance, a_webhook(ordering=ordering, events=tuple(WANTED)), deaths=chance.choice([0, 1, 2]))
    kinds = [EventType.MESSAGE_RECEIVED, EventType.MESSAGE_SENT]
    drawn = {number: chance.choice(kinds) for number in range(1, EVENTS + 1)}
    for number, kind in drawn.items():
        if number == 7:
            world.change(events=(EventType.MESSAGE_SENT,), ordering=later, matched_since=world.clock.now)
            world.wake()
        await happening(world, number, kind)
    await world.end()
    assert settled(world) >= {number for number, kind in drawn.items() if number >= 7 and kind not in WANTED}


@settings(max_examples=20, derandomize=True)
@given(seed=st.integers(0, 2**32))
@example(seed=1749)  # what follows from a replay comes while its chain, which is held, has passed its event
async def test_replays_wakes_and_what_is_moved_back_leave_nothing_behind(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - the same each time
    world = World(chance, a_webhook(ordering=Ordering.INSTANCE), deaths=chance.choice([0, 2]), faulty=True)
    world.most_receives = chance.choice([2, 10])
    for number in range(1, EVENTS + 1):
        chance.choice([world.replay, world.wake, world.redrive])()
        await happening(world, number)
    await world.end()
    world.redrive()
    await world.end()
    assert settled(world) == ALL
    (chain,) = world.fakes.chains.found.values()
    assert (chain.cursor, chain.unsettled) == (EVENTS, False)


def in_order(world: World) -> bool:
    return all(one <= two for one, two in pairwise(world.receiver.heard))


async def happening(world: World, number: int, kind: EventType = EventType.MESSAGE_RECEIVED) -> None:
    now = world.clock.now
    noted = replace(an_event(number, kind), id=id_of("evt", now, b"%10d" % number))
    world.happen(replace(noted, timestamp=iso(now - world.chance.choice([0, 0, DAY_S]))))  # a phone may tell late
    for _ in range(world.chance.choice([0, 5, 60])):
        await world.step()
