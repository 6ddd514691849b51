"""Issuing keys: what is made, what a run that is cut off leaves behind, and that the next one clears it away."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from local.keys.errors import KeyProblem
from local.keys.issuer import LONGEST_RUN_S, Issuer, Made, Order
from shared.api_gateway import ApiGatewayError, PlanMissing
from shared.models.api_key import EVERYTHING, digest
from shared.models.issued_key import IssuedKey, KeyState
from shared.store.database import StoreUnavailable
from tests.fakes.clock import FakeClock
from tests.fakes.keys import Cut, Fuse, MemoryGateway, MemoryRows

DAY = 86_400.0


@dataclass
class Shop:
    """An issuer and what is behind it."""

    fuse: Fuse = field(default_factory=Fuse)
    clock: FakeClock = field(default_factory=lambda: FakeClock(1_000_000.0))

    def __post_init__(self) -> None:
        self.rows, self.gateway = MemoryRows(self.fuse), MemoryGateway(self.fuse)
        self.issuer = Issuer(self.rows, self.gateway, self.clock, fixed=("key_local",))

    async def create(self, tenant: str = "acme", expires_at: float | None = None) -> Made:
        self.clock.now += 1
        return await self.issuer.create(
            Order(tenant=tenant, plan="standard", scopes=EVERYTHING, expires_at=expires_at, label="")
        )

    def lets_in(self) -> set[str]:
        """The key ids that both the API and the gateway let in."""
        live = [row for row in self.rows.rows.values() if row.state is KeyState.ACTIVE]
        return {row.key_id for row in live if row.key_id in self.gateway.plans and not row.expired(self.clock.now)}

    def traces(self) -> set[str]:
        return {row.key_id for row in self.rows.rows.values()} | set(self.gateway.values)


@pytest.fixture
def shop() -> Shop:
    return Shop()


async def test_a_key_is_known_to_the_gateway_by_its_text_and_stored_by_its_digest(shop: Shop) -> None:
    made = await shop.create()
    assert shop.gateway.values == {made.key.key_id: made.text}
    assert shop.gateway.plans == {made.key.key_id: "standard"}
    (row,) = shop.rows.rows.values()
    assert row == made.key
    assert (row.digest, row.ending, row.state) == (digest(made.text), made.text[-4:], KeyState.ACTIVE)
    assert made.text not in repr(row)
    assert made.text.startswith("hwp_")
    assert made.text[4:].isalnum()


@pytest.mark.parametrize("writes", range(4))
async def test_a_creation_cut_off_lets_nobody_in_and_the_next_one_clears_up(shop: Shop, writes: int) -> None:
    other = await shop.create("other")
    shop.fuse.left = writes
    with pytest.raises(Cut):
        await shop.create()
    assert shop.lets_in() == {other.key.key_id}
    shop.fuse.left = None
    shop.clock.now += LONGEST_RUN_S
    made = await shop.create()
    assert shop.lets_in() == shop.traces() == {other.key.key_id, made.key.key_id}


@pytest.mark.parametrize("writes", range(3))
async def test_a_revocation_cut_off_is_finished_by_the_next_run(shop: Shop, writes: int) -> None:
    kept, gone = await shop.create(), await shop.create()
    shop.fuse.left = writes
    with pytest.raises(Cut):
        await shop.issuer.revoke("acme", gone.key.key_id)
    assert (gone.key.key_id in shop.lets_in()) == (writes == 0), "only a revocation that has not begun changes nothing"
    shop.fuse.left = None
    if writes:
        await shop.issuer.tidy("acme")
    else:
        await shop.issuer.revoke("acme", gone.key.key_id)
    assert shop.traces() == {kept.key.key_id}


@pytest.mark.parametrize("writes", range(4))
async def test_a_rotation_cut_off_leaves_the_old_key_as_it_was(shop: Shop, writes: int) -> None:
    old = await shop.create()
    shop.fuse.left = writes
    with pytest.raises(Cut):
        await shop.issuer.rotate("acme", None, DAY)
    assert shop.lets_in() == {old.key.key_id}
    assert shop.rows.rows[old.key.digest] == old.key
    shop.fuse.left = None
    shop.clock.now += LONGEST_RUN_S
    new = await shop.issuer.rotate("acme", None, DAY)
    assert shop.lets_in() == shop.traces() == {old.key.key_id, new.key.key_id}


async def test_a_rotated_key_works_on_until_the_overlap_ends(shop: Shop) -> None:
    old = await shop.create(expires_at=shop.clock.now + 90 * DAY + 1)
    shop.clock.now += 10 * DAY
    new = await shop.issuer.rotate("acme", None, DAY)
    assert new.key.expires_at == shop.clock.now + 90 * DAY, "the successor lives as long as the old one was meant to"
    assert shop.lets_in() == {old.key.key_id, new.key.key_id}
    with pytest.raises(KeyProblem, match=f"replaced by {new.key.key_id}"):
        await shop.issuer.rotate("acme", old.key.key_id, DAY)
    shop.clock.now += DAY
    assert shop.lets_in() == {new.key.key_id}
    await shop.issuer.tidy("acme")
    assert shop.traces() == {new.key.key_id}


async def test_rotating_without_an_overlap_ends_the_old_key_at_once(shop: Shop) -> None:
    await shop.create()
    new = await shop.issuer.rotate("acme", None, 0)
    assert shop.traces() == {new.key.key_id}


async def test_of_two_rotations_at_once_one_succeeds(shop: Shop) -> None:
    old = await shop.create()
    make, others = shop.gateway.make, list[Made]()

    async def make_while_another_rotates(key_id: str, value: str, plan: str, tenant: str) -> None:
        shop.gateway.make = make  # type: ignore[method-assign]
        others.append(await shop.issuer.rotate("acme", None, DAY))
        await make(key_id, value, plan, tenant)

    shop.gateway.make = make_while_another_rotates  # type: ignore[method-assign]
    with pytest.raises(KeyProblem, match="another run"):
        await shop.issuer.rotate("acme", None, DAY)
    (new,) = others
    assert shop.lets_in() == shop.traces() == {old.key.key_id, new.key.key_id}
    assert shop.rows.rows[old.key.digest].replaced_by == new.key.key_id


async def test_a_key_whose_successor_is_gone_can_be_replaced_again(shop: Shop) -> None:
    old = await shop.create(expires_at=shop.clock.now + 90 * DAY + 1)
    end = old.key.expires_at
    lost = await shop.issuer.rotate("acme", None, DAY)
    await shop.issuer.revoke("acme", lost.key.key_id)
    shop.clock.now += 600
    new = await shop.issuer.rotate("acme", None, 2 * DAY)
    assert end is not None
    assert new.key.expires_at == end + shop.clock.now - old.key.created_at, "as long as the first was meant to live"
    row = shop.rows.rows[old.key.digest]
    assert (row.replaced_by, row.meant_until) == (new.key.key_id, end)
    assert row.expires_at == shop.clock.now - 600 + DAY, "the end that was announced stays"


async def test_a_key_for_good_is_replaced_by_one_for_good_the_second_time_too(shop: Shop) -> None:
    await shop.create()
    lost = await shop.issuer.rotate("acme", None, DAY)
    await shop.issuer.revoke("acme", lost.key.key_id)
    assert (await shop.issuer.rotate("acme", None, DAY)).key.expires_at is None


@pytest.mark.parametrize("written", [True, False])
async def test_an_activation_without_an_answer_is_looked_up(shop: Shop, written: bool) -> None:
    activate = shop.rows.activate

    async def lose_the_answer(key: IssuedKey, replaces: IssuedKey | None = None, until: float = 0) -> None:
        if written:
            await activate(key, replaces, until)
        raise StoreUnavailable("no answer")

    shop.rows.activate = lose_the_answer  # type: ignore[method-assign]
    if written:
        made = await shop.create()
        assert shop.lets_in() == {made.key.key_id}
        return
    with pytest.raises(KeyProblem, match=r"whether key_\w+ came to be"):
        await shop.create()
    assert shop.traces() == set()


async def test_when_nothing_can_be_looked_up_the_key_is_named(shop: Shop) -> None:
    async def fail(*_arguments: object) -> None:
        raise StoreUnavailable("no answer")

    shop.rows.activate = shop.rows.find = fail  # type: ignore[method-assign,assignment]
    with pytest.raises(KeyProblem, match="came to be") as problem:
        await shop.create()
    (row,) = shop.rows.rows.values()
    assert row.key_id in str(problem.value)


async def test_an_overlap_never_lengthens_a_life(shop: Shop) -> None:
    old = await shop.create(expires_at=shop.clock.now + 60)
    await shop.issuer.rotate("acme", None, DAY)
    assert shop.rows.rows[old.key.digest].expires_at == old.key.expires_at


async def test_what_the_gateway_refuses_leaves_nothing_behind(shop: Shop) -> None:
    shop.gateway.failure = PlanMissing("there is no usage plan hivewp-dev-standard")
    with pytest.raises(PlanMissing):
        await shop.create()
    assert shop.fuse.writes == 0
    shop.gateway.failure = None

    async def refuse(key_id: str, value: str, plan: str, tenant: str) -> None:
        shop.gateway.values[key_id] = value
        raise ApiGatewayError("limit exceeded")

    shop.gateway.make = refuse  # type: ignore[method-assign]
    with pytest.raises(ApiGatewayError):
        await shop.create()
    assert shop.traces() == set()


async def test_a_creation_under_way_is_left_alone_by_others(shop: Shop) -> None:
    make, others = shop.gateway.make, list[Made]()

    async def make_while_another_creates(key_id: str, value: str, plan: str, tenant: str) -> None:
        shop.gateway.make = make  # type: ignore[method-assign]
        others.append(await shop.create())
        await make(key_id, value, plan, tenant)

    shop.gateway.make = make_while_another_creates  # type: ignore[method-assign]
    made = await shop.create()
    assert shop.lets_in() == {made.key.key_id, others[0].key.key_id}


async def test_a_run_that_another_one_cleared_away_says_so_and_leaves_nothing(shop: Shop) -> None:
    make = shop.gateway.make

    async def make_while_another_tidies(key_id: str, value: str, plan: str, tenant: str) -> None:
        shop.clock.now += LONGEST_RUN_S
        await shop.issuer.tidy("acme")
        await make(key_id, value, plan, tenant)

    shop.gateway.make = make_while_another_tidies  # type: ignore[method-assign]
    with pytest.raises(KeyProblem, match="another run"):
        await shop.create()
    assert shop.traces() == set()


async def test_who_is_meant_must_be_clear(shop: Shop) -> None:
    first, second = await shop.create(), await shop.create()
    with pytest.raises(KeyProblem, match=f"several keys.*{first.key.key_id}.*{second.key.key_id}"):
        await shop.issuer.revoke("acme", None)
    with pytest.raises(KeyProblem, match="no live key 'key_none'"):
        await shop.issuer.revoke("acme", "key_none")
    with pytest.raises(KeyProblem, match="'nobody' has no keys here; tenants with keys: acme"):
        await shop.issuer.rotate("nobody", None, DAY)
    done = await shop.issuer.revoke("acme", None, everything=True)
    assert [key.key_id for key in done.ended] == [first.key.key_id, second.key.key_id]
    assert shop.traces() == set()
    with pytest.raises(KeyProblem, match="there are no keys yet"):
        await shop.issuer.revoke("acme", None)


async def test_anothers_key_cannot_be_revoked_in_a_tenants_name(shop: Shop) -> None:
    await shop.create()
    other = await shop.create("other")
    with pytest.raises(KeyProblem, match="no live key"):
        await shop.issuer.revoke("acme", other.key.key_id)
    assert other.key.key_id in shop.lets_in()


async def test_live_keys_are_put_on_plans_that_were_made_anew(shop: Shop) -> None:
    kept, lost, old = await shop.create(), await shop.create(), await shop.create(expires_at=shop.clock.now + 2)
    shop.gateway.plans.clear()
    del shop.gateway.values[lost.key.key_id]
    shop.gateway.values["key_stranger"] = "hwp_left"
    shop.clock.now += 10
    done = await shop.issuer.repair()
    assert ([key.key_id for key in done.kept], [key.key_id for key in done.lost]) == (
        [kept.key.key_id],
        [lost.key.key_id],
    )
    assert done.strangers == ["key_stranger"]
    assert shop.lets_in() == set(shop.gateway.plans) == {kept.key.key_id}
    assert old.key.key_id in shop.traces()


async def test_the_stacks_own_key_is_left_alone(shop: Shop) -> None:
    shop.rows.rows["d"] = IssuedKey(digest="d", key_id="key_local", tenant="local")
    with pytest.raises(KeyProblem, match="HIVEWP_API_KEY"):
        await shop.issuer.rotate("local", None, DAY)
    with pytest.raises(KeyProblem, match="HIVEWP_API_KEY"):
        await shop.issuer.revoke("local", None, everything=True)
    assert shop.fuse.writes == 0


async def test_the_stacks_own_key_is_kept_when_all_others_are_revoked(shop: Shop) -> None:
    shop.rows.rows["d"] = own = IssuedKey(digest="d", key_id="key_local", tenant="local")
    made = [await shop.create("local"), await shop.create("local")]
    await shop.issuer.revoke("local", made.pop().key.key_id)
    new = await shop.issuer.rotate("local", None, 0)
    assert new.replaces, "the only other key is meant"
    with pytest.raises(KeyProblem, match="HIVEWP_API_KEY"):
        await shop.issuer.revoke("local", "key_local")
    done = await shop.issuer.revoke("local", None, everything=True)
    assert ([key.key_id for key in done.ended], list(done.kept)) == ([new.key.key_id], [own])
    assert shop.rows.rows == {"d": own}
