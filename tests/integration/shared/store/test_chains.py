"""One sender at a time is at a chain, and whoever finds it held is heard."""

from __future__ import annotations

from dataclasses import replace

from shared.models.chain import Chain
from shared.store.chains import Chains
from shared.store.deliveries import KEPT_S
from tests.conftest import Deployment

NOW = 1_800_000_000.5
FIRST = Chain(tenant="acme", webhook_id="wh_a", instance="shop-1", cursor=3, first=3, holder="a", lease_until=NOW + 9)


async def seen(chains: Chains, now: float = NOW) -> Chain | None:
    return await chains.get("acme", "wh_a", "shop-1", now)


async def test_a_chain_is_taken_heard_and_let_go(deployment: Deployment) -> None:
    chains = Chains(deployment.database)
    assert await chains.begin(FIRST, NOW)
    assert not await chains.begin(replace(FIRST, holder="b"), NOW)
    held = await seen(chains)
    assert held == FIRST
    assert await chains.knock(held, NOW)
    come = replace(held, cursor=5, behind=True, waits_until=NOW + 2.25, aside=True)
    heard = await chains.release(come, NOW)
    assert heard == replace(come, knocks=1)
    assert await chains.release(heard, NOW) is None
    assert await seen(chains) == replace(heard, holder=None, lease_until=0.0)
    assert not await chains.knock(held, NOW), "nobody would hear it"


async def test_of_two_that_see_the_same_one_takes_it(deployment: Deployment) -> None:
    chains = Chains(deployment.database)
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


async def test_one_that_was_taken_and_let_go_meanwhile_is_not_as_it_was_seen(deployment: Deployment) -> None:
    """Though it came no further: what was attempted in between may be recorded, and who saw it before cannot know."""
    chains = Chains(deployment.database)
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


async def test_an_endpoint_page_by_page_and_none_that_expired(deployment: Deployment) -> None:
    chains = Chains(deployment.database)
    other = replace(FIRST, instance="shop-2")
    await chains.begin(FIRST, NOW)
    await chains.begin(other, NOW)
    assert await chains.page("acme", "wh_a", 1, NOW) == ([FIRST], "shop-1")
    assert await chains.page("acme", "wh_a", 9, NOW, "shop-1") == ([other], None)
    assert await chains.page("acme", "wh_b", 9, NOW) == ([], None)
    later = NOW + KEPT_S + 1
    assert await chains.page("acme", "wh_a", 9, later) == ([], None)
    assert await seen(chains, later) is None
    assert await chains.begin(replace(FIRST, cursor=8), later)
    found = await seen(chains, later)
    assert found is not None
    assert found.cursor == 8


async def test_one_of_an_endpoint_made_anew_takes_the_place_of_the_old(deployment: Deployment) -> None:
    chains = Chains(deployment.database)
    old = replace(FIRST, made_at="2027-01-15T08:00:00.000Z")
    new = replace(old, cursor=7, holder="b", made_at="2027-01-16T08:00:00.000Z")
    assert await chains.begin(old, NOW)
    assert await chains.begin(new, NOW)
    assert not await chains.begin(replace(new, holder="c"), NOW)
    assert await seen(chains) == new
    assert await chains.release(replace(old, cursor=5), NOW) is None
    assert await seen(chains) == new
