"""How many attempts at once, by the number of instances."""

from __future__ import annotations

import pytest

from functions.webhook_sender.auto_concurrency import EVERY_S, AutoConcurrency, limit_for
from functions.webhook_sender.slots import Slots
from shared.models.host import HostReport, WorkerReport
from shared.store.database import StoreUnavailable
from tests.fakes.clock import FakeClock


@pytest.mark.parametrize(("instances", "bound"), [(0, 3), (4, 3), (12, 3), (13, 4), (97, 25), (1000, 25)])
def test_the_rule(instances: int, bound: int) -> None:
    assert limit_for(instances) == bound


class FakeHosts:
    def __init__(self) -> None:
        self.instances, self.asked, self.away = 0, 0, False

    async def alive(self) -> list[HostReport]:
        self.asked += 1
        if self.away:
            raise StoreUnavailable("away")
        half = self.instances // 2
        workers = tuple(
            WorkerReport(number, 1, {"connected": count}, 1, 1, 1)
            for number, count in enumerate((half, self.instances - half))
        )
        return [HostReport(id="host", started_at="", at="", memory_used=1, memory_limit=2, workers=workers)]


async def test_it_is_read_once_a_minute_and_stays_where_it_cannot_be() -> None:
    slots, hosts, clock = Slots(25), FakeHosts(), FakeClock()
    bound = AutoConcurrency(slots, hosts, clock)
    hosts.instances = 20
    await bound.refresh()
    assert slots.bound == 5
    hosts.instances = 40
    await bound.refresh()
    assert (slots.bound, hosts.asked) == (5, 1)
    clock.now += EVERY_S
    await bound.refresh()
    assert slots.bound == 10
    hosts.away = True
    clock.now += EVERY_S
    await bound.refresh()
    assert (slots.bound, hosts.asked) == (10, 3)
