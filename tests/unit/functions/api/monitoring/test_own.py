"""A tenant's own figures: looked at once a second however often it asks, and never another tenant's."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from functions.api.monitoring.own import OwnFigures
from shared.models.instance import InstanceKey, InstanceState
from shared.models.mark import Mark
from shared.store.instances import Standing
from tests.fakes.clock import FakeClock

PAGE = 2


class Store:
    """Instances of two tenants in pages of two, each with a mark; counts the looks at them."""

    def __init__(self) -> None:
        self.looks = 0
        self.ids = {"acme": ["a", "b", "c"], "rival": ["r"]}

    async def standings(
        self, tenant: str, limit: int | None = None, after: str | None = None
    ) -> tuple[list[Standing], str | None]:
        self.looks += 1
        left = [one for one in self.ids[tenant] if one > (after or "")]
        found = [Standing(InstanceKey(tenant, one), InstanceState.CONNECTED, "", 0) for one in left[:PAGE]]
        return found, left[PAGE - 1] if len(left) > PAGE else None

    async def counts(self, instances: Sequence[str]) -> dict[str, Mark]:
        return {one: Mark(sent=2, failed=1) for one in instances}


def figures_over(store: Store, clock: FakeClock) -> OwnFigures:
    services: Any = SimpleNamespace(clock=clock, instances=store, events=store)
    return OwnFigures(services)


async def test_every_page_is_added_up() -> None:
    found = await figures_over(Store(), FakeClock()).look("acme")
    assert (found.total, found.states) == (3, {InstanceState.CONNECTED: 3})
    assert (found.messages.sent, found.messages.failed, found.messages.received) == (6, 3, 0)


async def test_a_second_passes_before_the_next_look() -> None:
    store, clock = Store(), FakeClock()
    figures = figures_over(store, clock)
    assert (await figures.look("rival")).total == 1
    store.ids["rival"].append("s")
    assert ((await figures.look("rival")).total, store.looks) == (1, 1)
    assert (await figures.look("acme")).total == 3
    clock.now += 1
    assert (await figures.look("rival")).total == 2
