"""What chains do, in the store and in the fake of it: one sender at a time is at a chain, and whoever finds it held is
heard. Each case gets chains of which there are none yet."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from shared.models.chain import Chain
from shared.store.chains import Chains
from tests.fakes.webhooks import FakeChains

AnyChains = Chains | FakeChains

NOW = 1_800_000_000.5
FIRST = Chain(tenant="acme", webhook_id="wh_a", instance="shop-1", cursor=3, first=3, holder="a", lease_until=NOW + 9)
KEY = {"tenant", "webhook_id", "instance"}
GONE_BY = ("cursor", "holder", "knocks", "lease_until", "waits_until", "behind", "died")
OTHER: dict[str, Any] = {"cursor": 4, "holder": "z", "knocks": 1, "lease_until": NOW + 8, "waits_until": 1.5}
OTHER |= {"behind": True, "died": True, "first": 1, "aside": True, "made_at": "2027-01-15T08:00:00.000Z"}
OTHER |= {"asked_since": 7.25}


async def seen(chains: AnyChains, now: float = NOW) -> Chain | None:
    return await chains.get("acme", "wh_a", "shop-1", now)


async def is_taken_heard_and_let_go(chains: AnyChains) -> None:
    assert await chains.begin(FIRST, NOW)
    assert not await chains.begin(replace(FIRST, holder="b"), NOW)
    held = await seen(chains)
    assert held == FIRST
    assert await chains.knock(held, NOW)
    come = replace(held, cursor=5, behind=True, waits_until=NOW + 2.25, aside=True)
    heard = await chains.release(come, NOW)
    assert heard == replace(come, knocks=1)
    assert await chains.release(heard, NOW) is None
    idle = await seen(chains)
    assert idle == replace(heard, holder=None, lease_until=0.0)
    assert not await chains.knock(held, NOW), "nobody would hear it"
    assert not await chains.knock(idle, NOW), "nor here"


async def of_two_that_see_the_same_one_takes_it(chains: AnyChains) -> None:
    await chains.begin(FIRST, NOW)
    over = await seen(chains)  # its lease has run out
    assert over is not None
    taken = await chains.take(over, "b", NOW + 20, NOW + 10, NOW)
    left_by_dead = replace(over, holder="b", lease_until=NOW + 20, asked_since=NOW, died=True)
    assert taken == left_by_dead == await seen(chains)
    assert await chains.take(over, "c", NOW + 20, NOW + 10, NOW) is None
    assert await chains.release(replace(over, cursor=9), NOW) is None, "it is another's"
    assert await seen(chains) == taken
    assert await chains.release(replace(taken, cursor=4), NOW, unheard=True) is None
    idle = await seen(chains)
    assert idle == replace(taken, cursor=4, holder=None, lease_until=0.0)
    assert await chains.take(idle, "c", NOW + 30, NOW, NOW)
    assert await chains.take(idle, "d", NOW + 30, NOW, NOW) is None


async def one_taken_and_let_go_meanwhile_is_not_as_it_was_seen(chains: AnyChains) -> None:
    """Though it came no further: what was attempted in between may be recorded, and who saw it before cannot know."""
    await chains.begin(FIRST, NOW)
    await chains.release(FIRST, NOW)
    idle = await seen(chains)
    assert idle is not None
    other = await chains.take(idle, "b", NOW + 75, NOW, NOW)
    assert other is not None
    assert await chains.release(replace(other, behind=True), NOW, unheard=True) is None
    assert await chains.take(idle, "c", NOW + 75, NOW, NOW) is None
    behind = await seen(chains)
    assert behind is not None
    await chains.take(behind, "d", NOW + 1, NOW, NOW)  # and dies
    over = await seen(chains)
    assert over is not None
    again = await chains.take(over, "e", NOW + 75, NOW + 2, NOW)
    assert again is not None
    assert await chains.release(again, NOW + 2, unheard=True) is None
    assert await chains.take(behind, "f", NOW + 75, NOW + 2, NOW) is None


async def one_that_differs_in_what_is_gone_by_is_not_taken(chains: AnyChains) -> None:
    await chains.begin(FIRST, NOW)
    for name in GONE_BY:
        otherwise = replace(FIRST, **{name: OTHER[name]})
        assert await chains.take(otherwise, "b", NOW + 20, NOW + 10, NOW) is None, name
        assert await seen(chains) == FIRST
    await chains.release(FIRST, NOW)
    assert await chains.take(FIRST, "b", NOW + 20, NOW + 10, NOW) is None, "it was held, and is not"


async def what_is_not_gone_by_is_not_compared_and_stays_as_it_is(chains: AnyChains) -> None:
    """But for what a taker notes anew."""
    stored = FIRST
    await chains.begin(stored, NOW)
    for name in {one.name for one in fields(Chain)} - KEY - set(GONE_BY):
        otherwise = replace(stored, **{name: OTHER[name]})
        assert await chains.take(otherwise, "b", NOW + 20, NOW, NOW) == otherwise.taken("b", NOW + 20, NOW), name
        stored = stored.taken("b", NOW + 20, NOW)
        assert await seen(chains) == stored
        assert await chains.release(replace(stored, **{name: OTHER[name]}), NOW) is None
        stored = replace(stored, holder=None, lease_until=0.0, aside=name == "aside")
        assert await seen(chains) == stored


async def an_endpoint_comes_page_by_page_and_none_that_expired(chains: AnyChains) -> None:
    other = replace(FIRST, instance="shop-2")
    await chains.begin(FIRST, NOW)
    await chains.begin(other, NOW)
    assert await chains.page("acme", "wh_a", 1, NOW) == ([FIRST], "shop-1")
    assert await chains.page("acme", "wh_a", 9, NOW, "shop-1") == ([other], None)
    assert await chains.page("acme", "wh_b", 9, NOW) == ([], None)
    later = NOW + 30 * 86_400
    assert await chains.page("acme", "wh_a", 9, later) == ([], None)
    assert await seen(chains, later - 1) == FIRST
    assert await seen(chains, later) is None
    assert await chains.begin(replace(FIRST, cursor=8), later)
    found = await seen(chains, later)
    assert found is not None
    assert found.cursor == 8


async def one_of_an_endpoint_made_anew_takes_the_place_of_the_old(chains: AnyChains) -> None:
    old = replace(FIRST, made_at="2027-01-15T08:00:00.000Z")
    new = replace(old, cursor=7, holder="b", made_at="2027-01-16T08:00:00.000Z")
    assert await chains.begin(old, NOW)
    assert await chains.begin(new, NOW)
    assert not await chains.begin(replace(new, holder="c"), NOW)
    assert await seen(chains) == new
    assert await chains.release(replace(old, cursor=5), NOW) is None
    assert await seen(chains) == new


CASES = (
    is_taken_heard_and_let_go,
    of_two_that_see_the_same_one_takes_it,
    one_taken_and_let_go_meanwhile_is_not_as_it_was_seen,
    one_that_differs_in_what_is_gone_by_is_not_taken,
    what_is_not_gone_by_is_not_compared_and_stays_as_it_is,
    an_endpoint_comes_page_by_page_and_none_that_expired,
    one_of_an_endpoint_made_anew_takes_the_place_of_the_old,
)
